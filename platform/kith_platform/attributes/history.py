"""Dated attributes: every change as a fact with the moment Kith learnt of it, and records that show their latest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, Date, Numeric, Table, and_, case, cast, delete, func, insert, literal, or_, select, update, values
from sqlalchemy import Text as PlainText
from sqlalchemy import column as named
from sqlalchemy import true as always
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from kith_platform.attributes.kinds import BOOLEAN, DATE, NUMBER, Definition
from kith_platform.facts.models import AttributeChange, CustomerRecord, FactRemoved

CHANGE: Table = AttributeChange.__table__
RECORD: Table = CustomerRecord.__table__
OWN = "~attribute|"  # begins the id of a change that Kith noted itself
_CASTS: dict[str, tuple[str, Any]] = {NUMBER: ("numeric", Numeric()), BOOLEAN: ("boolean", Boolean()), DATE: ("date", Date())}
_QUIET: dict[str, Any] = {"synchronize_session": False}


def note(session: Session, records: Any, keys: Sequence[str], *, at: Any, zone: str) -> None:
    """Keep what is new of these attributes. `records`: rows with customer_record's id, source, external_id, import_id and
    attributes; `at`: an expression over them, when Kith learnt of it; `zone`: the company's."""
    if not keys:
        return
    key = values(named("key", PlainText), name="key_").data([(one,) for one in keys])
    value = records.c.attributes[key.c.key].as_string()
    newest = (
        select(CHANGE.c.value)
        .where(CHANGE.c.record_id == records.c.id, CHANGE.c.attribute == key.c.key)
        .order_by(CHANGE.c.occurred_at.desc(), CHANGE.c.id.desc())
        .limit(1)
        .lateral("last_")
    )
    stamp = func.to_char(func.timezone("UTC", at), "YYYYMMDDHH24MISSUS")
    rows = (
        select(
            records.c.source,
            func.concat(OWN, key.c.key, "|", records.c.external_id, "|", stamp),
            records.c.id,
            at,
            cast(func.timezone(zone, at), Date),
            key.c.key,
            value,
            at,
            records.c.import_id,
        )
        .select_from(records.join(key, always()).outerjoin(newest, always()))
        .where(newest.c.value.is_distinct_from(value))
    )
    names = ["source", "external_id", "record_id", "occurred_at", "occurred_on", "attribute", "value", "known_at", "import_id"]
    session.execute(upsert(CHANGE).from_select(names, rows).on_conflict_do_nothing())


def follow(session: Session, one: Definition) -> None:
    """Let every record show the last change of the attribute that is of its kind."""
    newest = (
        select(CHANGE.c.record_id, CHANGE.c.value)
        .where(CHANGE.c.attribute == one.key, CHANGE.c.record_id.is_not(None))
        .ext(distinct_on(CHANGE.c.record_id))
        .order_by(CHANGE.c.record_id, CHANGE.c.occurred_at.desc(), CHANGE.c.id.desc())
        .subquery("last_")
    )
    value, held = _typed(newest.c.value, one), func.coalesce(RECORD.c.attributes, cast(literal("{}"), JSONB))
    shown = case((value.is_(None), held.op("-")(one.key)), else_=held.op("||")(func.jsonb_build_object(one.key, value)))
    session.execute(
        update(RECORD)
        .where(RECORD.c.id == newest.c.record_id, held.op("->")(one.key).is_distinct_from(value))
        .where(or_(newest.c.value.is_(None), value.is_not(None)))
        .values(attributes=shown, changed_at=func.now()),
        execution_options=_QUIET,
    )


def forget(session: Session, key: str) -> None:
    """Take away the changes that Kith noted itself; those that people imported are theirs."""
    own = and_(CHANGE.c.attribute == key, func.starts_with(CHANGE.c.external_id, OWN))
    session.execute(
        insert(FactRemoved).from_select(["fact", "row_id"], select(literal("attribute_change"), CHANGE.c.id).where(own))
    )
    session.execute(delete(CHANGE).where(own), execution_options=_QUIET)


def _typed(value: Any, one: Definition) -> Any:
    """A change's text as JSON of the attribute's kind; null where it is none."""
    if one.kind not in _CASTS:
        fits = value.in_(one.choices) if one.choices else always()
        return case((and_(value.is_not(None), fits), func.to_jsonb(value)))
    name, kind = _CASTS[one.kind]
    return case((func.pg_input_is_valid(value, name), func.to_jsonb(cast(value, kind))))
