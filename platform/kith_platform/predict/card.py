"""A model's card: what somebody must know before deciding by it. The page and the API tell the same one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from kith_platform import i18n
from kith_platform.attributes.features import refused
from kith_platform.attributes.kinds import definitions
from kith_platform.i18n import N_
from kith_platform.predict.fits.tiers import Gate, Tier, gate_of
from kith_platform.predict.models import CHAMPION, RETIRED, ModelVersion
from kith_platform.predict.tasks import CUSTOMERS, Task

RULE, NONE = "rule", "none"
LEARNERS = ("s_learner", "t_learner", "x_learner")  # of uplift
TIERS: Mapping[str, str] = {
    Tier.BOOSTED: N_("Boosted trees (xgboost): the tier for the most data."),
    Tier.LOGISTIC: N_("A small logistic regression, for data that do not yet bear boosted trees."),
    Tier.RATES: N_("The rates seen in the bands of the simple rule, drawn to the mean of all (empirical Bayes)."),
    "scorecard": N_("A scorecard: points for each property, fitted by logistic regression."),
    "bgnbd": N_("A model of how often customers buy and what they spend (BG/NBD and Gamma-Gamma)."),
    "ranker": N_("Boosted trees that rank product families (xgboost)."),
    **dict.fromkeys(
        ("s_learner", "t_learner", "x_learner"), N_("Boosted trees that learn with and without a campaign (xgboost).")
    ),
    RULE: N_("The simple rule: a model was trained and was no better on what it had not seen."),
    NONE: N_("The simple rule: no model could be trained. The verdict above says what is missing."),
}
SHORT: Mapping[tuple[Tier, bool], str] = {
    (Tier.BOOSTED, True): N_(
        "Boosted trees need %(needed)s customers with %(rarer)s: %(found)s are there, %(missing)s more are needed."
    ),
    (Tier.BOOSTED, False): N_(
        "Boosted trees need %(needed)s cases with %(rarer)s: %(found)s are there, %(missing)s more are needed."
    ),
    (Tier.LOGISTIC, True): N_(
        "A small regression needs %(needed)s customers with %(rarer)s: %(found)s are there, %(missing)s more are needed."
    ),
    (Tier.LOGISTIC, False): N_(
        "A small regression needs %(needed)s cases with %(rarer)s: %(found)s are there, %(missing)s more are needed."
    ),
}
NOT_FOR = (
    N_("Prices or contract terms of a single customer."),
    N_("A decision against a customer, unless a person has looked at the case and can explain it."),
    N_("Saying why something happens: it tells what is typical, not what causes."),
)
WINDOW = N_("After the day of the look %(gap)s days are left to act, then %(days)s days are judged.")
AT_ONCE = N_("The %(days)s days after the day of the look are judged.")
PERIOD = N_("%(first)s to %(last)s")
PEOPLE = N_("%(count)s customers, %(yes)s of them with yes")
CASES = N_("%(count)s cases, %(yes)s of them with yes")
NOBODY = N_("No customer of the learning period was reached by a campaign in the days judged.")
REACHED = N_("Learnt partly from customers whom campaigns reached in the days judged: %(share)s of the rows.")
GROUP = N_("%(group)s: %(share)s in the first tenth, ratio %(ratio)s")
REVIEW = N_("Review: a group has less than .8 of the best group's share in the first tenth.")
EVEN = N_("All groups have at least .8 of the best group's share in the first tenth.")
PROXY = N_("The score tells the group with AUC %(auc)s (.5: not at all).")


@dataclass(frozen=True)
class Seen:
    """What was looked at: days, both ends counted in (None where not kept), how many customers or cases, and with yes."""

    first: dt.date | None
    last: dt.date | None
    count: int | None
    yes: int | None


@dataclass(frozen=True, kw_only=True)
class Card:
    """Msgids and plain numbers.

    `tier` is what serves: a classifier's tier, "rule" or "none"; `next_tier` the better one that lacks `missing` cases of the
    `rarer` answer, 1 or 0 ("" at the top). `left_out` and `allowed` name sensitive attributes. `reached` is the share of rows
    learnt from whom a campaign reached, `fairness` what guards.fairness told.
    """

    key: str
    answers: str
    of_whom: str
    counts: str
    window_days: int | None
    gap_days: int | None
    learnt: Seen | None
    judged: Seen | None
    tier: str
    next_tier: str
    rarer: int
    found: int | None
    missing: int
    not_for: tuple[str, ...]
    left_out: tuple[str, ...]
    allowed: tuple[str, ...]
    reached: float | None
    fairness: tuple[Mapping[str, Any], ...]
    of_customers: bool


@dataclass(frozen=True)
class Line:
    """One line of a card in the reader's language."""

    key: str
    label: str
    sentences: tuple[str, ...]


def of(session: Session, task: Task, row: ModelVersion | None) -> Card:
    """The card of a version; of a task that was never trained, what can be said beforehand."""
    parameters, metrics = (row.parameters, row.metrics) if row else ({}, {})
    tier = NONE if row is None or not row.tier else row.tier if row.state in (CHAMPION, RETIRED) else RULE
    sides = [metrics.get(f"training_{side}") for side in ("positives", "negatives")]
    found = None if sides[0] is None else min(side for side in sides if side is not None)
    gate = None if found is None or row is None or row.tier not in list(Tier) else gate_of(found)
    learnt, judged = _periods(parameters, row.as_of if row else None)
    sensitive = [one for one in definitions(session) if one.sensitive]
    return Card(
        key=task.key,
        answers=task.answers,
        of_whom=task.of_whom,
        counts=task.counts,
        window_days=parameters.get("horizon_days") or parameters.get("window_days"),
        gap_days=parameters.get("gap_days"),
        learnt=_seen(learnt, metrics, "training_customers", "training_positives"),
        judged=_seen(judged, metrics, "customers", "positives"),
        tier=tier,
        next_tier=_next(gate),
        rarer=int(sides[1] is None or found == sides[0]),
        found=found,
        missing=gate.shortfall if gate else 0,
        not_for=NOT_FOR,
        left_out=tuple(one.label for one in sensitive if refused(one)),
        allowed=tuple(one.label for one in sensitive if not refused(one)),
        reached=row.report.get("reached") if row else None,
        fairness=tuple(row.report.get("fairness", ())) if row else (),
        of_customers=task.subject == CUSTOMERS,
    )


def _next(gate: Gate | None) -> str:
    if gate is None or not gate.shortfall:
        return ""
    return Tier.BOOSTED if gate.tier is Tier.LOGISTIC else Tier.LOGISTIC


def lines(card: Card, language: str) -> tuple[Line, ...]:
    """The card in words."""
    return tuple(
        Line(key, i18n.translate(label, language), told)
        for key, label, sentences in _lines(card, language)
        if (told := tuple(one for one in sentences if one))
    )


def _lines(card: Card, language: str) -> Iterator[tuple[str, str, list[str]]]:
    def say(words: str, **params: object) -> str:
        return i18n.translate(words, language, **params)

    yield "answers", N_("It answers"), [say(card.answers)]
    yield "of_whom", N_("Asked of"), [say(card.of_whom)]
    said = WINDOW if card.gap_days else AT_ONCE
    window = "" if card.window_days is None else say(said, gap=card.gap_days, days=card.window_days)
    yield "counts", N_("Counts as yes"), [say(card.counts), window]
    for key, label, seen in (("learnt", N_("Learnt from"), card.learnt), ("judged", N_("Judged on"), card.judged)):
        yield key, label, _told(seen, language, of_customers=card.of_customers) if seen else []
    yield "tier", N_("What serves"), [say(TIERS.get(card.tier, card.tier)), _short(card, language)]
    yield "not_for", N_("Not to be used for"), [say(one) for one in card.not_for]
    comma = say(N_(", "))
    yield "left_out", N_("Sensitive, left out"), [comma.join(card.left_out)]
    yield "allowed", N_("Sensitive, allowed"), [comma.join(card.allowed)]
    if card.reached is not None:
        told = say(REACHED, share=i18n.percent(card.reached, language)) if card.reached else say(NOBODY)
        yield "reached", N_("Campaigns"), [told]
    for one in card.fairness:
        yield f"fairness.{one['attribute']}", one["label"].replace("%", "%%"), _fair(one, language)


def _told(seen: Seen, language: str, *, of_customers: bool) -> list[str]:
    told = []
    if seen.first and seen.last:
        ends = {"first": i18n.day(seen.first, language), "last": i18n.day(seen.last, language)}
        told.append(i18n.translate(PERIOD, language, **ends))
    if seen.count is not None and seen.yes is not None:
        numbers = {"count": i18n.number(seen.count, language), "yes": i18n.number(seen.yes, language)}
        told.append(i18n.translate(PEOPLE if of_customers else CASES, language, **numbers))
    return told


def _short(card: Card, language: str) -> str:
    if not card.next_tier or card.found is None:
        return ""
    rarer = i18n.translate(N_("yes") if card.rarer else N_("no"), language)
    words = SHORT[Tier(card.next_tier), card.of_customers]
    numbers = {"needed": card.found + card.missing, "found": card.found, "missing": card.missing}
    return i18n.translate(words, language, rarer=rarer, **numbers)


def _fair(one: Mapping[str, Any], language: str) -> list[str]:
    told = []
    if one["auc"] is not None:
        told.append(i18n.translate(PROXY, language, auc=i18n.number(one["auc"], language, digits=2)))
    for group in one["groups"]:
        share, ratio = i18n.percent(group["share"], language), i18n.number(group["ratio"], language, digits=2)
        name = i18n.translate(group["group"], language) if one["plain"] else group["group"]
        told.append(i18n.translate(GROUP, language, group=name, share=share, ratio=ratio))
    told.append(i18n.translate(REVIEW if one["review"] else EVEN, language))
    return told


def _seen(days: tuple[dt.date, dt.date] | None, metrics: Mapping[str, Any], count: str, yes: str) -> Seen | None:
    found = Seen(days[0] if days else None, days[1] if days else None, metrics.get(count), metrics.get(yes))
    return None if found == Seen(None, None, None, None) else found


def _periods(parameters: Mapping[str, Any], as_of: dt.date | None) -> tuple[tuple[dt.date, dt.date] | None, ...]:
    """Days of learning (first look to last judged day) and of judging, from what each kind of training keeps."""

    def day(name: str) -> dt.date:
        return dt.date.fromisoformat(parameters[name])

    one = dt.timedelta(days=1)
    if "training_cutoffs" in parameters:
        wait = dt.timedelta(days=parameters.get("gap_days", 0))
        whole = wait + dt.timedelta(days=parameters["horizon_days"])
        looks = [dt.date.fromisoformat(text) for text in parameters["training_cutoffs"]]
        test = day("test_cutoff")
        return (looks[0], looks[-1] + whole - one), (test + wait, test + whole - one)
    if "training_looks" in parameters:
        first, test = (dt.date.fromisoformat(parameters[f"{name}_looks"][0]) for name in ("training", "test"))
        until = dt.date.fromisoformat(parameters["validation_looks"][0])
        return (first, until - one), (test, as_of or dt.date.fromisoformat(parameters["test_looks"][1]))
    if "train_from" in parameters and as_of:
        return (day("train_from"), day("validation_from") - one), (day("test_from"), as_of)
    return None, None
