"""Attributes as features of models: only those whose value at a past day is known, and never a sensitive one unasked.

`fixed` ones hold at any time; `dated` ones are as Kith knew them before the cutoff (frames see to that); `current` ones are
today's and would tell a model the future, so they are left out, as frames leave them out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from sqlalchemy.orm import Session

from kith_platform.attributes.kinds import BOOLEAN, CHOICE, CURRENT, DATE, KINDS, NUMBER, Definition, definitions
from kith_platform.attributes.shown import hidden
from kith_platform.i18n import N_
from kith_platform.predict.features.windows import age
from kith_platform.sdk.types import Feature, FeatureSet
from kith_platform.snapshots.shape import ATTRIBUTE
from kith_tenants.context import Actor

if TYPE_CHECKING:
    from kith_platform.frames import Tables
    from kith_platform.snapshots.manifest import AttributeShape

MOST_CHOICES = 20
_NUMBERS = (NUMBER, "integer", "money", "rate")


def refused(one: Definition) -> str:
    """Why no model learns from the attribute, as a marked msgid; "" where models may."""
    if one.timing == CURRENT:
        return N_("Its values have no date: today's would tell a model the future.")
    if not one.in_models:
        return N_("Sensitive: left out until somebody allows it.") if one.sensitive else N_("Left out by choice.")
    if not one.learnable:
        return N_("Sensitive: left out until its purpose and the customers' consent are recorded.")
    if one.kind not in (*KINDS, *_NUMBERS) or one.kind == "text":
        return N_("Free text. Make it a list of values and models can use it.")
    if one.kind == CHOICE and len(one.choices) > MOST_CHOICES:
        return N_("It has too many values to choose from.")
    return ""


def feature_set(known: Sequence[Definition], shapes: Sequence[AttributeShape]) -> FeatureSet | None:
    """The set of those that may be features and that the snapshot holds as they are defined; None where there are none."""
    there = {(one.key, one.kind, one.timing) for one in shapes}
    usable = [one for one in known if not refused(one) and (one.key, one.kind, one.timing) in there]
    if not usable:
        return None

    def compute(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
        """One row per customer known before the cutoff."""
        customers = tables.customers
        columns = {name: value for one in usable for name, value in _columns(one, customers, cutoff)}
        return customers.select("customer_id", **columns)

    return FeatureSet(key="attributes", needs=(), compute=compute, features=features(usable))


def features(known: Sequence[Definition]) -> tuple[Feature, ...]:
    """Their features with words, for training and for reasons. The company's own words are not translated."""
    return tuple(feature for one in known for feature in _features(one))


def known(session: Session, actor: Actor) -> dict[str, Feature]:
    """Features of the company's attributes by name, for reasons; without those whose values the actor may not see."""
    secret = hidden(session, actor)
    return {feature.name: feature for feature in features([one for one in definitions(session) if one.key not in secret])}


def _columns(one: Definition, customers: ir.Table, cutoff: ir.DateScalar) -> Iterator[tuple[str, ir.Value]]:
    value = customers[f"{ATTRIBUTE}{one.key}"]
    if one.kind == CHOICE:
        for choice in one.choices:
            yield _name(one, choice), (value == ibis.literal(choice)).cast("float64")
    else:
        yield _name(one), age(value, cutoff).cast("float64") if one.kind == DATE else value.cast("float64")


def _features(one: Definition) -> Iterator[Feature]:
    label = one.label.replace("%", "%%")  # sentences are filled in
    if one.kind == CHOICE:
        for choice in one.choices:
            told = f"{label}: {choice.replace('%', '%%')}."
            yield Feature(name=_name(one, choice), label=f"{one.label}: {choice}", sentence=told, unit="flag")
    elif one.kind == BOOLEAN:
        yield Feature(name=_name(one), label=one.label, sentence=f"{label}.", unit="flag")
    else:
        told = f"{label}: %(value)s."
        yield Feature(name=_name(one), label=one.label, sentence=told, unit="days" if one.kind == DATE else "score")


def _name(one: Definition, choice: str | None = None) -> str:
    """A name that stays the same whatever becomes of the other choices."""
    return f"{ATTRIBUTE}{one.key}" + (f".{hashlib.sha256(choice.encode()).hexdigest()[:8]}" if choice is not None else "")
