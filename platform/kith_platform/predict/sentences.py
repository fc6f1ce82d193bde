"""Reasons as sentences with the customer's own numbers, in the reader's language. Always "typical of", never "because of"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.dates import format_timedelta

from kith_platform import i18n
from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features import CORE_FEATURE_SETS, SUBJECT_FEATURES
from kith_platform.predict.features.contacts import CONTACTS, RFM_CELL
from kith_platform.predict.leaving_words import ACTIONS, CODES, OTHER, REASONS
from kith_platform.predict.tasks import Task
from kith_platform.sdk.types import Feature, FeatureSet

UNKNOWN = N_("%(what)s: not known.")
NOT_SO = N_("%(what)s: no.")
PURCHASES = mark_plural(
    "%(value)s purchase expected in the next 12 months.", "%(value)s purchases expected in the next 12 months.", "value"
)
EACH = N_("Worth about %(value)s each.")
ALIVE = N_("The value reckons with a chance of %(value)s that this is still a customer.")
SUBSCRIBES = N_("Pays %(fee)s a month by subscription, and is expected to stay for %(value)s of the next 12 months.")
EXPECTED = N_("Next purchase expected about %(day)s.")
OVERDUE = N_("By the usual pause the next purchase was due about %(day)s.")
SPAN = N_("Four of five such customers buy between %(first)s and %(last)s.")
# In the order of fits.uplift.Kind.
KINDS = (
    N_("Persuadable: buys with a chance of %(value)s without a campaign, and clearly more often with one."),
    N_("Sure thing: buys anyway, with a chance of %(value)s without a campaign."),
    N_("Lost cause: hardly buys, with or without a campaign (chance without one %(value)s)."),
    N_("Sleeping dog: less likely to buy when written to. Leave alone (chance without a campaign %(value)s)."),
)
LIKELIEST = N_("If they leave by choice, the likeliest reason is: %(reason)s (%(value)s).")
OF_ALL = N_("The most frequent reason of past leavers is: %(reason)s (%(value)s). Nothing tells this customer from others.")
OFTEN_WITH = N_("%(family)s, often bought with %(held)s (chance %(value)s).")
POPULAR = N_("%(family)s, which many customers buy (chance %(value)s).")
MORE = N_("The higher, the likelier.")
LESS = N_("The higher, the less likely.")
MIXED = N_("Matters, but not in one direction.")


@dataclass(frozen=True)
class Because:
    """What stands beside a score: a lead ("Typical of …:") and up to three sentences. Both are empty where nothing is known."""

    lead: str
    sentences: tuple[str, ...]


def features(further: Iterable[FeatureSet] = ()) -> dict[str, Feature]:
    """Features by name: core's, of customers and of the rows of facts, and those of the company's modules."""
    sets = {feature.name: feature for found in (*CORE_FEATURE_SETS, CONTACTS, *further) for feature in found.features}
    return {one.name: one for one in (RFM_CELL, *SUBJECT_FEATURES)} | sets


def reasons(
    task: Task, stored: Sequence[Mapping[str, Any]], known: Mapping[str, Feature], language: str, currency: str
) -> Because:
    """A score's stored reasons ({"feature", "value", "effect"}) as sentences; features no longer known are left out."""
    if stored and "with" in stored[0]:
        return Because(i18n.translate(task.yes, language), tuple(offer(one, language) for one in stored))
    told = [one for one in stored if one["feature"] in known]
    if not told:
        return Because("", ())
    lead = task.no if float(told[0].get("effect") or 0) < 0 else task.yes
    sentences = (sentence(known[one["feature"]], one["value"], language, currency) for one in told)
    return Because(i18n.translate(lead, language) if lead else "", tuple(sentences))


def offer(one: Mapping[str, Any], language: str) -> str:
    """A family to offer and why: "Kitchen, often bought with Tea (4%)."."""
    chance = i18n.percent(one["value"], language, digits=0 if one["value"] >= 0.1 else 1)
    words = OFTEN_WITH if one["with"] else POPULAR
    return i18n.translate(words, language, family=one["feature"], held=one["with"], value=chance)


def sentence(feature: Feature, value: float | None, language: str, currency: str) -> str:
    """One feature's value in words: "Last bought 42 days ago."."""
    label = i18n.translate(feature.label, language)
    if value is None:
        return i18n.translate(UNKNOWN, language, what=label)
    if feature.unit == "flag" and not value:
        return i18n.translate(NOT_SO, language, what=label)
    return i18n.translate(feature.sentence, language, value=written(feature, value, language, currency))


def written(feature: Feature, value: float, language: str, currency: str) -> str:
    """A feature's value in its unit. A ratio whose name ends in `_share` is a part of a whole and reads as per cent."""
    if feature.unit == "days":
        days = round(value)
        return format_timedelta(dt.timedelta(days=days), granularity="day", threshold=1e9, locale=language)
    if feature.unit == "money":
        return i18n.money(value, currency, language, whole=abs(value) >= 100)
    if feature.unit == "ratio":
        return (
            i18n.percent(value, language, digits=0) if feature.name.endswith("_share") else i18n.number(round(value, 1), language)
        )
    return i18n.number(round(value, 1), language)


def of_value(extra: Mapping[str, Any], language: str, currency: str) -> tuple[str, ...]:
    """What a customer lifetime value is made of."""
    found = []
    if (months := extra.get("months_staying")) is not None:
        fee = i18n.money(extra["monthly_fee"], currency, language)
        found.append(i18n.translate(SUBSCRIBES, language, fee=fee, value=i18n.number(round(months, 1), language)))
    elif (alive := extra.get("p_alive")) is not None:
        found.append(i18n.translate(ALIVE, language, value=i18n.percent(alive, language, digits=0)))
    if (expected := extra.get("expected_purchases")) is not None:
        found.append(i18n.translate(PURCHASES, language, value=i18n.number(round(expected, 1), language)))
    if (each := extra.get("per_purchase")) is not None:
        found.append(i18n.translate(EACH, language, value=i18n.money(each, currency, language, whole=each >= 100)))
    return tuple(found)


def of_waiting(extra: Mapping[str, Any], as_of: dt.date, language: str) -> tuple[str, ...]:
    """When the next purchase is to be expected: the day, and the span into which four of five fall; of a rhythm whose day is over
    when it was.
    """
    days = {name: as_of + dt.timedelta(days=round(float(value))) for name, value in extra.items() if name.startswith("days_")}
    found = []
    if (middle := days.get("days_50")) is not None:
        found.append(i18n.translate(EXPECTED if middle > as_of else OVERDUE, language, day=i18n.day(middle, language)))
    if "days_10" in days and "days_90" in days:
        ends = {"first": i18n.day(days["days_10"], language), "last": i18n.day(days["days_90"], language)}
        found.append(i18n.translate(SPAN, language, **ends))
    return tuple(found)


def of_uplift(extra: Mapping[str, Any], language: str) -> str:
    """Which of the four types a customer is, with the reason; empty where uplift tells of none."""
    if (kind := extra.get("type")) is None:
        return ""
    return i18n.translate(KINDS[int(kind)], language, value=i18n.percent(extra["without"], language, digits=0))


def of_leaving(extra: Mapping[str, Any], language: str) -> tuple[str, ...]:
    """Which reason it would be if a customer left, and what to do about it; where the shares serve, only which it mostly is.

    Rare reasons together may outnumber the most frequent one, but are no answer to what it mostly is.
    """
    own = extra.get("reason")
    chances = {code: extra[code] for code in CODES if code in extra}
    named = [code for code in chances if code != OTHER] or list(chances)
    code = CODES[int(own)] if own is not None else max(named, key=lambda one: float(chances[one]))
    said = {"reason": i18n.translate(REASONS[code], language), "value": i18n.percent(chances[code], language, digits=0)}
    if own is None:
        return (i18n.translate(OF_ALL, language, **said),)
    return i18n.translate(LIKELIEST, language, **said), i18n.translate(ACTIONS[code], language)


def direction(driver: Mapping[str, Any], language: str) -> str:
    """Which way a driver points, in words."""
    return i18n.translate({1: MORE, -1: LESS}.get(int(driver["direction"]), MIXED), language)
