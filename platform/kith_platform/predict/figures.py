"""A model version in figures: on what it had not seen, and what was fitted, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from kith_platform.i18n import N_
from kith_platform.predict.models import ModelVersion
from kith_platform.predict.value import words as ways
from kith_platform.web import locale

BASELINES = {
    "last_year": N_("the last twelve months again"),
    "mean": N_("the mean of all"),
    "last_year_times_retention": N_("the last twelve months times the share who came back"),
}


_RANKED = {
    "model_ndcg": N_("NDCG of the first five families"),
    "popularity_ndcg": N_("NDCG of popularity in the segment"),
    "lift_ndcg": N_("NDCG of lift rules"),
    "model_recall": N_("Families bought that stood among the first five"),
    "model_coverage": N_("Families offered to somebody"),
}
Write = Callable[[float], str]


@dataclass(frozen=True)
class Figure:
    """A label with its number, and how it and a difference of two such numbers are written.

    `words` stands for the number where more is to be said, such as an interval. `value` is None for what is no number.
    """

    label: str
    value: float | None
    write: Write = str
    words: str = ""

    @property
    def text(self) -> str:
        return self.words or ("" if self.value is None else self.write(self.value))

    def difference(self, before: Figure | None) -> str:
        """This less the one before, with its sign; empty where either is no number."""
        if self.value is None or before is None or before.value is None:
            return ""
        found = self.value - before.value
        written = self.write(abs(found))
        sign = "" if written == self.write(0.0) else "+" if found > 0 else "\u2212"
        return sign + written


def whole(value: float) -> str:
    return str(locale.number(value, 0))


def share(value: float) -> str:
    return str(locale.percent(value))


def digits(count: int) -> Write:
    return lambda value: str(locale.number(value, count))


def days(value: float) -> str:
    return str(gettext("%(value)s days", value=locale.number(value, 1)))


def money(value: float) -> str:
    return str(locale.money(value))


def whole_money(value: float) -> str:
    return str(locale.money(value, whole=True))


def of(row: ModelVersion) -> tuple[Figure, ...]:
    """Key figures on customers or days it had not seen. Missing ones are left out."""
    return tuple(figure for figure in _figures(row.metrics, row.report.get("comparison") or {}) if figure.text)


def facts(row: ModelVersion) -> tuple[tuple[str, str], ...]:
    """The same as (label, text)."""
    return (*((figure.label, figure.text) for figure in of(row)), *ways.facts(row.report))


def _figures(metrics: Mapping[str, Any], comparison: Mapping[str, Any]) -> Iterator[Figure]:
    def one(label: str, name: str, write: Write, times: float = 1.0) -> Figure:
        value = metrics.get(name)
        return Figure(label, None if value is None else times * value, write)

    yield one(gettext("Judged"), "customers", whole)
    yield one(gettext("it came true for"), "rate", share)
    yield one(gettext("Ranking right (AUC)"), "auc", digits(3))
    yield one(gettext("Average precision"), "pr_auc", share)
    yield one(gettext("Average precision of the simple rule"), "rule_pr_auc", share)
    if comparison and metrics.get("pr_auc") is not None:
        yield _spanned(gettext("Gain in average precision, with its interval"), comparison, ("difference", "low", "high"))
    yield one(gettext("Likeliest reason was the one"), "first_right", share)
    yield one(gettext("Most frequent reason was the one"), "rule_first_right", share)
    if "rule_log_loss" in metrics:
        yield one(gettext("Log-loss (lower is better)"), "log_loss", digits(3))
        yield one(gettext("Log-loss of the shares of past reasons"), "rule_log_loss", digits(3))
    yield one(gettext("Times more of them in the first tenth"), "lift_at_10", digits(1))
    yield one(gettext("Mean gap between said and came"), "ece", share)
    yield one(gettext("Order of time right (C)"), "concordance", digits(3))
    yield one(gettext("Order of time by the own rhythm"), "rule_concordance", digits(3))
    yield one(gettext("Came within the 80 % span that was said"), "coverage_80", share)
    yield one(gettext("Mean error of the day"), "days_mae", days)
    yield one(gettext("Mean error of the own rhythm"), "rule_days_mae", days)
    yield one(gettext("Qini, in buyers per hundred written to"), "qini", digits(1), 100.0)
    yield one(gettext("Qini of the order by the chance to answer"), "response_qini", digits(1), 100.0)
    if "effect_low" in metrics:
        yield _spanned(gettext("Mean effect measured, with its interval"), metrics, ("effect", "effect_low", "effect_high"))
    yield one(gettext("Mean effect expected"), "predicted_effect", share)
    yield one(gettext("Effect among the tenth moved most"), "uplift_at_10", share)
    yield one(gettext("Effect among the three tenths moved most"), "uplift_at_30", share)
    for name, label in _RANKED.items():
        yield one(gettext(label), name, share)
    yield one(gettext("Largest gap between the two by score (KS)"), "ks", share)
    yield one(gettext("Loss expected"), "expected_loss", whole_money)
    yield one(gettext("Loss of those that came true"), "actual_loss", whole_money)
    yield one(gettext("Share of an unpaid bill that is lost (usual value)"), "lgd", share)
    yield one(gettext("Purchases expected"), "expected_purchases", whole)
    yield one(gettext("Purchases that came"), "actual_purchases", whole)
    yield one(gettext("Money expected"), "expected_money", whole_money)
    yield one(gettext("Money that came"), "actual_money", whole_money)
    yield one(gettext("Expected for each that came"), "bias", digits(2))
    yield one(gettext("Mean error a customer"), "money_mae", money)
    yield one(gettext("Mean error of the simple rule"), "baseline_money_mae", money)
    if rival := BASELINES.get(metrics.get("baseline", "")):
        yield Figure(gettext("The simple rule"), None, words=gettext(rival))


def _spanned(label: str, found: Mapping[str, float], names: tuple[str, str, str]) -> Figure:
    middle, low, high = (found[name] for name in names)
    return Figure(label, middle, share, f"{share(middle)} ({locale.interval((low, high), 'percent')})")


def parameters(row: ModelVersion) -> tuple[tuple[str, str], ...]:
    """What was fitted, flattened to (name, value), for those who want to check."""
    return tuple((name, _plain(value)) for name, value in _flat(row.parameters))


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, f"{name}.{number}")
    elif value not in (None, [], ""):
        yield name, value


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
