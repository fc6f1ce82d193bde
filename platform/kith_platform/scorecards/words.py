"""Reasons, flags and units of metrics in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.i18n import N_
from kith_platform.predict.service import TASKS
from kith_platform.sdk.types import Metric
from kith_platform.web import locale

REASONS: Mapping[str, str] = {
    "empty_denominator": N_("Nothing to count in this period."),
    "immature": N_("The time these customers have is not over yet."),
    "no_base": N_("There is nothing to compare with a year before."),
    "not_yet": N_("Your data end before this period."),
    "not_paid_back": N_("The benefits have not paid the costs yet."),
    "few_answers": N_("Fewer than 30 people answered: too few to tell."),
    "half_still_open": N_("Half of them are not finished yet, so that there is no median."),
    "no_criteria": N_("No metric of it has both a value and agreed criteria. Sign criteria on the page Scorecards."),
    "not_kept": N_("Values are kept from each month’s beginning; none are kept yet for this month and the next."),
    "failed": N_("The module could not compute this. Your administrator sees why in the module catalogue."),
    "not_computed": N_("Not computed yet: it comes with the next refresh."),
    "half_never": N_("Half have not got there yet: the median lies beyond the last day seen."),
    "no_value": N_("No value to the customer was measured in twelve months. Enter it with the customers' goals."),
    "one_sided": N_("One side gains nothing, so there is no balance to measure."),
    "one_unknown": N_("What one of the two sides gains is not known."),
    "few_staff": N_("Fewer than five people: a value would tell of a person."),
    "few_signs": N_("Less than 60% of the weight of health is known for any customer. Import surveys, tickets, usage or goals."),
    "few_losses": N_("Fewer than 30 customers left in the 90 days: too few to judge by."),
    "uncovered": N_("Sign success criteria for metrics of each block: without them there are no scores to add up."),
}
TRAIN = N_("This comes from the prediction “%(model)s”, which has not been trained yet.")
IMPORT = N_("Import %(what)s to see this.")

FLAGS: Mapping[str, tuple[str, str]] = {
    "partial": (N_("not over yet"), N_("The period is not over, or your data end inside it. It is compared with the same days.")),
    "low_confidence": (
        N_("few cases"),
        N_("Fewer than 30 cases, or fewer than 10 of one kind: differences may be chance."),
    ),
    "provisional": (N_("provisional"), N_("Later events can still change it, such as returns.")),
    "empty_denominator": (
        N_("nothing to count"),
        N_("Nothing happened that could be counted: no value, which is not 0."),
    ),
    "rank_correlation": (
        N_("rank correlation"),
        N_("Too few answers, or answers that move together: each factor on its own, in ranks."),
    ),
    "illustrative": (N_("illustrative"), N_("Rests on figures of the trade that nobody has measured for you.")),
    "grade_b": (N_("grade B"), N_("A comparison of like with like, not a trial: others may differ in what was not matched.")),
    "no_control": (N_("no control group"), N_("Without a control group nobody knows who would have come back anyway.")),
    "wallet_capped": (
        N_("capped"),
        N_("Some customers spent more with you than their wallet was said to hold: what they spent counts."),
    ),
    "estimated": (N_("estimated"), N_("Part of it is an estimate, not a measurement.")),
    "margin_is_net": (N_("margin = net"), N_("Your orders carry no cost, so margin is net sales.")),
    "over_seats": (N_("more users than seats"), N_("More people use it than there are seats: offer more.")),
    "unverified": (N_("not verified"), N_("Part of the value was not verified; it counts half.")),
    "weak_health": (N_("weak sign"), N_("Health hardly tells who leaves: look at what goes into it.")),
    "negatives": (N_("losses"), N_("Some customers have a negative margin.")),
}

DIGITS = {"list": 0, "days": 1, "hours": 1, "minutes": 1, "months": 1, "points": 1, "per_1000": 1, "score": 2, "coefficient": 2}
SHARES = {"ratio": "percent", "money": "money"}


def reason(code: str, facts: FactCatalogue) -> str:
    """Why there is no value, and what to do about it."""
    kind, _, what = code.partition(":")
    if kind == "import":
        names = [gettext(facts.by_plural(plural).label_plural) for plural in what.split("|")]
        return str(gettext(IMPORT, what=gettext(" or ").join(names)))
    if kind == "train":
        return str(gettext(TRAIN, model=gettext(TASKS[what].label) if what in TASKS else what))
    return str(gettext(REASONS.get(kind, REASONS["not_computed"])))


def written(metric: Metric, value: float | None) -> Any:
    """A value as people read it, by the metric's unit; None where there is none."""
    if value is None:
        return None
    if metric.unit == "ratio":
        return locale.percent(value)
    if metric.unit in {"money", "money_per_day"}:
        return locale.money(value, short=abs(value) >= 1_000_000, whole=abs(value) >= 1_000)
    whole = metric.unit == "count" and float(value).is_integer()
    return locale.number(value, 0 if whole else DIGITS.get(metric.unit, 1))


def difference(metric: Metric, now: float | None, then: float | None) -> str:
    """How far a share or score moved, in points; empty for other units, whose change is a share of the value before."""
    if metric.unit not in {"ratio", "points"} or now is None or then is None:
        return ""
    points = (now - then) * (100 if metric.unit == "ratio" else 1)
    words = gettext("pts") if metric.unit == "ratio" else gettext("points")
    return f"{'+' if points > 0 else ''}{locale.number(points, 1)} {words}"


def unit(metric: Metric) -> str:
    """What stands after the number."""
    words = {
        "list": gettext("customers"),
        "days": gettext("days"),
        "hours": gettext("hours"),
        "minutes": gettext("minutes"),
        "months": gettext("months"),
        "points": gettext("points"),
        "per_1000": gettext("per 1,000"),
        "money_per_day": gettext("a day"),
    }
    return str(words.get(metric.unit, ""))


def flags(codes: Sequence[str]) -> list[tuple[str, str]]:
    """(short, explained) of each flag that is known."""
    return [(gettext(FLAGS[code][0]), gettext(FLAGS[code][1])) for code in codes if code in FLAGS]
