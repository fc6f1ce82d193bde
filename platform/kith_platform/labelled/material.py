"""What a question is asked of: the lines of a labelled table, or the customers with their features and attributes as of now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.attributes.kinds import Definition
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord
from kith_platform.imports.parsing import identifier
from kith_platform.labelled import columns as reading
from kith_platform.labelled import outcome, service
from kith_platform.labelled.columns import ATTRIBUTE, CATEGORY, NUMBER, TEXT, Column
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.labelled.outcome import Told
from kith_platform.labelled.splits import Ids
from kith_platform.labelled.table import Table, Typed
from kith_platform.predict.evidence import day_of
from kith_platform.predict.matrix import Matrix

NOBODY = -1


@dataclass(frozen=True)
class Material:
    """The table with its outcome. `customers` (n,) are ids of customers of the base, NOBODY for lines of nobody known; `names`
    what the file calls them, where it names them; `excluded` columns with the code of their reason."""

    table: Table
    told: Told
    customers: Ids
    excluded: Mapping[str, str]
    as_of: dt.date
    names: pl.Series | None = None


@dataclass(frozen=True)
class Wanted:
    """What may be looked at beside what always may: suspects and sensitive columns that were put back (`keep`), and, to ask an
    earlier version again, the columns it learnt from (`learnt`)."""

    keep: Collection[str]
    learnt: Collection[str] = ()

    def excludes(self, column: Column, lines: int, name: str = "") -> str:
        """Why a column of so many lines stays out, "" where it does not; `name` is what models call it, where not as it is."""
        why = reading.why_not(column, lines)
        asked_for = column.name in self.keep or ((name or column.name) in self.learnt and not column.sensitive)
        return "" if asked_for else why


def of_set(
    session: Session, row: LabelledSet, texts: pl.DataFrame, asked: OwnQuestion, wanted: Wanted, *, zone: str, today: dt.date
) -> Material:
    """The lines of a labelled table. Raises NotYesNo."""
    known = {one.name: one for one in service.columns_of(row)}
    excluded = _excluded(row, known, asked, wanted)
    typed = [_typed(one, texts[name], zone) for name, one in known.items() if name not in excluded and name != asked.outcome]
    days = reading.numbers(known[row.as_of_column], texts[row.as_of_column], zone=zone) if row.as_of_column else None
    named = identifier(texts[row.customer_column]).values if row.customer_column else None
    groups, customers = _whose(session, row.source, named, texts.height)
    last = day_of(np.nanmax(days)) if days is not None and not np.isnan(days).all() else today
    told = outcome.tell(known[asked.outcome], texts[asked.outcome], asked.test, zone=zone)
    return Material(Table(tuple(typed), groups, days), told, customers, excluded, min(last, today), named)


def of_customers(
    session: Session,
    features: Matrix,
    labels: Mapping[str, str],
    known: Sequence[Definition],
    asked: OwnQuestion,
    wanted: Wanted,
    as_of: dt.date,
) -> Material:
    """The customers: their features as of now, and their other attributes. `labels` name features. Raises NotYesNo."""
    values: dict[int, dict[str, Any]] = dict(
        session.execute(select(Customer.id, Customer.attributes).where(Customer.id.in_(features.ids.tolist()))).all()
    )
    held = [values.get(int(one)) or {} for one in features.ids]
    typed = [Typed(labels[name], NUMBER, features.values[:, at]) for at, name in enumerate(features.names) if name in labels]
    excluded: dict[str, str] = {}
    told: Told | None = None
    for one in known:
        texts = pl.Series([_text(row.get(one.key)) for row in held], dtype=pl.String)
        column = reading.counted(Column(one.key, reading.kind_of(one.kind), sensitive=not one.learnable), texts, zone="UTC")
        if one.key == asked.outcome:
            told = outcome.tell(column, texts, asked.test)
        elif why := wanted.excludes(column, texts.len(), f"{ATTRIBUTE}{one.label}"):
            excluded[one.key] = why
        else:
            typed.append(_typed(column, texts, "UTC", f"{ATTRIBUTE}{one.label}"))
    if told is None:
        raise outcome.gone(asked.outcome)
    return Material(Table(tuple(typed), features.ids), told, features.ids, excluded, as_of)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def last_lines(customers: Ids, days: np.ndarray[tuple[int], np.dtype[np.float64]] | None) -> Ids:
    """The row of each customer's newest line, by day where there are days, else by place; rows ascending by customer."""
    rows = np.flatnonzero(customers != NOBODY)
    place = days[rows] if days is not None else np.zeros(rows.size)
    order = rows[np.lexsort((rows, np.nan_to_num(place, nan=-np.inf), customers[rows]))]
    whose = customers[order]
    last = np.append(whose[1:] != whose[:-1], True) if whose.size else np.zeros(0, dtype=bool)
    newest: Ids = order[last]
    return newest


def _excluded(row: LabelledSet, known: Mapping[str, Column], asked: OwnQuestion, wanted: Wanted) -> dict[str, str]:
    """Columns that no model sees, with why. What people put back is not among them, but for whose and of when a line is."""
    found = {name: why for name, one in known.items() if (why := wanted.excludes(one, row.lines))}
    found.pop(asked.outcome, None)
    own = {row.customer_column: "customer", row.as_of_column: "as_of"}
    return found | {name: why for name, why in own.items() if name and name != asked.outcome and name not in wanted.learnt}


def _typed(column: Column, texts: pl.Series, zone: str, name: str = "") -> Typed:
    if column.kind in (CATEGORY, TEXT):
        codes, levels = reading.categories(texts)
        return Typed(name or column.name, CATEGORY, codes, levels)
    return Typed(name or column.name, column.kind, reading.numbers(column, texts, zone=zone), planned=column.planned)


def _whose(session: Session, source: str, named: pl.Series | None, lines: int) -> tuple[Ids, Ids]:
    """Groups of lines (n,), equal for one customer of the file, and ids of customers of the base (n,)."""
    alone: Ids = np.arange(lines, dtype=np.int64)
    nobody: Ids = np.full(lines, NOBODY, dtype=np.int64)
    if named is None:
        return alone, nobody
    different = named.drop_nulls().unique(maintain_order=True).to_list()
    number = {name: lines + at for at, name in enumerate(different)}
    base = _of_base(session, source, different)
    texts = named.to_list()
    groups = np.array([number[text] if text is not None else at for at, text in enumerate(texts)], dtype=np.int64)
    return groups, np.array([base.get(text, NOBODY) if text is not None else NOBODY for text in texts], dtype=np.int64)


def _of_base(session: Session, source: str, names: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    listed = list(names)
    for at in range(0, len(listed), 10_000):
        part = select(CustomerRecord.external_id, CustomerRecord.customer_id).where(
            CustomerRecord.source == source,
            CustomerRecord.external_id.in_(listed[at : at + 10_000]),
            CustomerRecord.customer_id.is_not(None),
        )
        found |= {external: int(customer) for external, customer in session.execute(part)}
    return found
