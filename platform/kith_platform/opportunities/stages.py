"""The stages a company's deals go through, and the reasons why deals are lost. Without its own, the usual ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.errors import FieldError, Forbidden, Invalid
from kith_platform.i18n import N_
from kith_platform.opportunities.models import SalesSetting
from kith_tenants.context import Actor

WON = "won"  # the stage fact that a won deal gets, one place after the last
MOST_STAGES, MOST_REASONS, LONGEST = 12, 30, 60

# Keys as facts hold them, with their words: those of a usual stage or reason are translated.
NAMES: Mapping[str, str] = {
    "qualification": N_("Qualification"),
    "needs": N_("Needs analysis"),
    "proposal": N_("Proposal"),
    "negotiation": N_("Negotiation"),
    WON: N_("Won"),
}
REASONS: Mapping[str, str] = {
    "price": N_("Price"),
    "competitor": N_("Went to a competitor"),
    "no_budget": N_("No budget"),
    "no_decision": N_("No decision"),
    "timing": N_("Wrong moment"),
    "product": N_("Product does not fit"),
    "no_contact": N_("Could not be reached"),
}


@dataclass(frozen=True)
class Stage:
    """`key` is what facts hold, `name` what people read (a msgid for the usual ones), `position` counts from 1."""

    key: str
    name: str
    position: int
    probability: float


USUAL: tuple[Stage, ...] = tuple(
    Stage(key, NAMES[key], place, chance)
    for place, (key, chance) in enumerate((("qualification", 0.1), ("needs", 0.25), ("proposal", 0.5), ("negotiation", 0.75)), 1)
)


def stages(session: Session) -> tuple[Stage, ...]:
    """The company's stages in order."""
    kept = session.execute(select(SalesSetting.stages)).scalar_one_or_none()
    if not kept:
        return USUAL
    return tuple(
        Stage(one["key"], one["name"] or NAMES.get(one["key"], one["key"]), place, float(one["probability"]))
        for place, one in enumerate(kept, 1)
    )


def reasons(session: Session) -> tuple[str, ...]:
    """Reasons of a loss to choose from, as facts hold them."""
    kept = session.execute(select(SalesSetting.loss_reasons)).scalar_one_or_none()
    return tuple(kept) if kept else tuple(REASONS)


def by_text(known: Sequence[Stage]) -> dict[str, Stage]:
    """Stages by what files may call them: key or name, whatever the case."""
    return {text.casefold(): stage for stage in known for text in (stage.name, stage.key)}


def set_stages(session: Session, actor: Actor, wanted: Sequence[Mapping[str, Any]]) -> tuple[Stage, ...]:
    """Give the company stages of its own, in this order: `name`, `probability` (0 to 1) and, of one there was, its `key`.

    Deals keep the stage they stand in, even one that goes. Raises Forbidden, or Invalid with an error per field.
    """
    _may(actor)
    known = {stage.key for stage in stages(session)} | set(NAMES)
    kept: list[dict[str, Any]] = []
    errors: list[FieldError] = []
    taken = {WON}
    for number, one in enumerate(wanted):
        name = str(one.get("name") or "").strip()
        key = str(one.get("key") or "") if one.get("key") in known else name
        errors += _wrong(number, name, one.get("probability"), taken, key)
        taken |= {name.casefold(), key.casefold()}
        if not errors:
            kept.append({"key": key, "name": "" if NAMES.get(key) == name else name, "probability": float(one["probability"])})
    if not errors and not 1 <= len(kept) <= MOST_STAGES:
        errors.append(FieldError("stages", N_("Give between 1 and %(most)s stages."), {"most": MOST_STAGES}))
    if errors:
        raise Invalid(fields=errors)
    _write(session, stages=kept)
    record(session, actor, "sales:stages_set", "sales:stages", {"stages": [one["key"] for one in kept]})
    return stages(session)


def _wrong(number: int, name: str, probability: Any, taken: set[str], key: str) -> list[FieldError]:
    field = f"stages.{number}"
    if not name or len(name) > LONGEST:
        return [FieldError(field, N_("Give the stage a name of at most %(most)s characters."), {"most": LONGEST})]
    if {key.casefold(), name.casefold()} & taken:
        return [FieldError(field, N_("There is a stage “%(name)s” already."), {"name": name})]
    if not isinstance(probability, (int, float)) or not 0 <= probability <= 1:
        return [FieldError(field, N_("The chance of “%(name)s” lies between 0 and 100 per cent."), {"name": name})]
    return []


def set_reasons(session: Session, actor: Actor, wanted: Sequence[str]) -> tuple[str, ...]:
    """Give the company its own reasons of a loss. Raises Forbidden, Invalid."""
    _may(actor)
    kept = list(dict.fromkeys(text.strip() for text in wanted if text.strip()))
    if not 1 <= len(kept) <= MOST_REASONS or any(len(one) > LONGEST for one in kept):
        words = N_("Give between 1 and %(most)s reasons of at most %(long)s characters each.")
        raise Invalid(fields=[FieldError("reasons", words, {"most": MOST_REASONS, "long": LONGEST})])
    _write(session, loss_reasons=kept)
    record(session, actor, "sales:reasons_set", "sales:reasons", {"reasons": kept})
    return tuple(kept)


def _write(session: Session, **values: Any) -> None:
    row = insert(SalesSetting).values(**values)
    session.execute(row.on_conflict_do_update(index_elements=["tenant_id"], set_={**values, "changed_at": func.now()}))


def _may(actor: Actor) -> None:
    if not actor.can("sales:manage"):
        raise Forbidden
