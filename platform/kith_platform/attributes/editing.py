"""Values that people write by hand: kept with the customer's record of Kith's own source, as text and as what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from kith_platform.attributes import history
from kith_platform.attributes.kinds import BY_HAND, DATED, Definition, definitions
from kith_platform.attributes.shown import hidden
from kith_platform.attributes.values import filled, typed
from kith_platform.audit.service import record
from kith_platform.customers.models import Customer
from kith_platform.customers.service import SOURCE
from kith_platform.duplicates import surviving
from kith_platform.errors import FieldError, Invalid
from kith_platform.facts.models import CustomerRecord
from kith_platform.imports.problems import CELL
from kith_tenants.context import Actor, tenant_of

FIELD = "attribute."  # begins a field of the customer's form
RECORD: Table = CustomerRecord.__table__


def fields(session: Session, actor: Actor) -> list[Definition]:
    """The attributes that the actor may write."""
    secret = hidden(session, actor)
    return [one for one in definitions(session) if one.key not in secret]


def texts(known: list[Definition], customer: Customer) -> dict[str, str]:
    """What the customer shows, as the form's fields have it."""
    return {FIELD + one.key: _text(customer.attributes.get(one.key)) for one in known}


def checked(session: Session, actor: Actor, given: Mapping[str, str], customer: Customer | None = None) -> dict[str, str]:
    """What a form says anew, by attribute; "" takes a value back. Raises Invalid with an error per field."""
    found: dict[str, str] = {}
    errors: list[FieldError] = []
    zone = tenant_of(session).timezone
    for one in fields(session, actor):
        said = str(given.get(FIELD + one.key) or "").strip()
        if FIELD + one.key not in given or said == (_text(customer.attributes.get(one.key)) if customer else ""):
            continue
        for _row, code, params in typed(pl.Series([said], dtype=pl.String), one, zone=zone).failures():
            errors.append(FieldError(FIELD + one.key, CELL[code], params))
        found[one.key] = said
    if errors:
        raise Invalid(fields=errors)
    return found


def write(session: Session, actor: Actor, customer: Customer, said: Mapping[str, str]) -> None:
    """Keep what `checked` gave with the customer's own record, which must be there, and show it."""
    if not said:
        return
    zone = tenant_of(session).timezone
    wanted = [one for one in definitions(session) if one.key in said]
    mine = select(CustomerRecord).where(CustomerRecord.customer_id == customer.id, CustomerRecord.source == SOURCE)
    row = session.execute(mine.order_by(CustomerRecord.id).limit(1)).scalar_one()
    raw = {**(row.raw or {}), **{BY_HAND + key: text for key, text in said.items()}}
    row.raw = {name: text for name, text in raw.items() if text}
    columns = {BY_HAND + key: pl.Series([text or None], dtype=pl.String) for key, text in said.items()}
    kept = {key: value for key, value in (row.attributes or {}).items() if key not in said}
    row.attributes = {**kept, **json.loads(filled(columns, wanted, SOURCE, rows=1, zone=zone).values[0])}
    row.changed_at = func.now()
    session.flush()
    dated = [one.key for one in wanted if one.timing == DATED]
    this = select(RECORD.c.id, RECORD.c.source, RECORD.c.external_id, RECORD.c.import_id, RECORD.c.attributes)
    history.note(session, this.where(RECORD.c.id == row.id).subquery(), dated, at=func.now(), zone=zone)
    surviving.show_attributes(session, [customer.id])
    session.refresh(customer)
    record(session, actor, "customer:changed", f"customer:{customer.public_id}", {"fields": [one.label for one in wanted]})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
