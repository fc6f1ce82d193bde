"""Whether a model treats the groups of a sensitive attribute alike (domain.md D0), told in sums alone.

Two questions: how well the score gives the group away (AUC, .5: not at all), and whether each group gets its part of the first
tenth (benefit-allocation ratio: a group's share in it over the best group's; below .8 people have to review). Groups of fewer
than 30 scored customers are not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.attributes.kinds import BOOLEAN, CHOICE, NUMBER, definitions
from kith_platform.customers.models import Customer
from kith_platform.predict.fits.evaluation import auc, value

Floats = NDArray[np.float64]
LEAST, ALIKE, FIRST = 30, 0.8, 0.1
YES_OR_NO = {"true": "yes", "false": "no"}


@dataclass(frozen=True)
class Protected:
    """A sensitive attribute: its group by customer id. `plain`: the groups are msgids, not the company's words."""

    key: str
    label: str
    groups: Mapping[int, str]
    plain: bool = False


def protected(session: Session) -> tuple[Protected, ...]:
    """The company's sensitive attributes of a few values, as known today; numbers make two groups at their median."""
    return tuple(_protected(session))


def _protected(session: Session) -> Iterator[Protected]:
    for one in definitions(session):
        if not one.sensitive or one.kind not in (BOOLEAN, CHOICE, NUMBER):
            continue
        said = Customer.attributes[one.key].as_string()
        rows = session.execute(select(Customer.id, said).where(said.is_not(None)))
        found = {int(customer): str(text) for customer, text in rows}
        if one.kind == BOOLEAN:
            found = {customer: YES_OR_NO.get(text, text) for customer, text in found.items()}
        elif one.kind == NUMBER:
            found = _halves({customer: float(text) for customer, text in found.items()})
        yield Protected(one.key, one.label, found, plain=one.kind == BOOLEAN)


def _halves(numbers: Mapping[int, float]) -> dict[int, str]:
    middle = float(np.median(list(numbers.values()))) if numbers else 0.0
    return {customer: f"≤ {middle:g}" if number <= middle else f"> {middle:g}" for customer, number in numbers.items()}


def judged(attributes: Sequence[Protected], customers: NDArray[np.int64], scores: Floats) -> list[dict[str, Any]]:
    """Per attribute with at least two groups to tell: attribute, label, plain, auc, review, and groups with their count, share
    in the first tenth and ratio; who has no score (NaN) does not count. Of several groups the AUC is that of the one best
    told from all others, never below .5.
    """
    known = ~np.isnan(scores)
    customers, scores = customers[known], scores[known]
    first = _in_first(scores)
    found = []
    for one in attributes:
        names = np.array([one.groups.get(int(customer), "") for customer in customers], dtype=np.str_)
        sizes = zip(*np.unique(names[names != ""], return_counts=True), strict=True)
        told = [str(name) for name, count in sizes if count >= LEAST]
        if len(told) < 2:
            continue
        shares = {name: float(first[names == name].mean()) for name in told}
        best = max(shares.values())
        ratios = {name: share / best if best else 1.0 for name, share in shares.items()}
        among = np.isin(names, told)
        seen = [value(auc, (names[among] == name).astype(np.float64), scores[among]) for name in told]
        found.append(
            {
                "attribute": one.key,
                "label": one.label,
                "plain": one.plain,
                "auc": max((max(area, 1.0 - area) for area in seen if area is not None), default=None),
                "review": min(ratios.values()) < ALIKE,
                "groups": [
                    {"group": name, "count": int((names == name).sum()), "share": shares[name], "ratio": ratios[name]}
                    for name in told
                ],
            }
        )
    return found


def warnings(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each attribute that people have to review: the group that is first least often, and its ratio to the best one."""
    told = []
    for one in found:
        if one["review"]:
            least, best = (pick(one["groups"], key=lambda group: group["ratio"]) for pick in (min, max))
            names = {"label": one["label"], "group": least["group"], "best": best["group"], "plain": one["plain"]}
            told.append({"code": "unlike_groups", **names, "ratio": least["ratio"]})
    return told


def _in_first(scores: Floats) -> Floats:
    """By how much each one (n,) belongs to the first tenth: 1 or 0, and a part where equal scores share its last places."""
    places = FIRST * scores.size
    if not scores.size:
        return np.zeros(0)
    border = np.sort(scores)[::-1][int(np.ceil(places)) - 1]
    above, level = scores > border, scores == border
    return np.where(above, 1.0, np.where(level, (places - above.sum()) / level.sum(), 0.0))
