"""Two versions of a model side by side: what they are, how good they were, and what moves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kith_platform.predict import card, figures
from kith_platform.predict.card import Card
from kith_platform.predict.models import ModelVersion

SAME = ("answers", "of_whom", "counts", "not_for", "left_out", "allowed")  # lines that belong to the task, not to a version


@dataclass(frozen=True)
class Side:
    """One label, what either version says ("" for nothing; a sentence a line), and the later less the earlier."""

    label: str
    before: str
    after: str
    difference: str = ""


def about(before: Card, after: Card, language: str) -> tuple[Side, ...]:
    """What serves, from when it learnt and on what it was judged."""
    told = [{line.key: line for line in card.lines(one, language) if line.key not in SAME} for one in (before, after)]
    labels = {key: line.label for lines in told for key, line in lines.items()}
    return tuple(
        Side(label, *("\n".join(one[key].sentences) if key in one else "" for one in told)) for key, label in labels.items()
    )


def judged_apart(before: ModelVersion, after: ModelVersion) -> bool:
    """Whether they were judged on other days, so that a difference of figures may lie in the days."""
    keys = ("test_cutoff", "test_looks", "test_from")
    return any(before.parameters.get(key) != after.parameters.get(key) for key in keys)


def figures_of(before: ModelVersion, after: ModelVersion) -> tuple[Side, ...]:
    """Key figures of either, with their difference."""
    first, second = ({one.label: one for one in figures.of(row)} for row in (before, after))
    return tuple(
        Side(
            label,
            first[label].text if label in first else "",
            second[label].text if label in second else "",
            second[label].difference(first.get(label)) if label in second else "",
        )
        for label in {**first, **second}
    )


def drivers(before: ModelVersion, after: ModelVersion, labels: Mapping[str, str], most: int) -> tuple[Side, ...]:
    """What moves the chances in either, the `most` that move one of them most; features that cannot be named are left out."""
    shares = [{one["feature"]: float(one["weight"]) for one in row.report.get("drivers", ())} for row in (before, after)]
    names = sorted(
        (name for name in {**shares[0], **shares[1]} if name in labels),
        key=lambda name: -max(one.get(name, 0.0) for one in shares),
    )
    told = [{name: figures.Figure(labels[name], one[name], figures.share) for name in one if name in labels} for one in shares]
    return tuple(
        Side(
            labels[name],
            told[0][name].text if name in told[0] else "",
            told[1][name].text if name in told[1] else "",
            told[1][name].difference(told[0].get(name)) if name in told[1] else "",
        )
        for name in names[:most]
    )
