"""Columns of customer files that nobody gave a place: kept as they were, and offered as attributes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from kith_platform import i18n
from kith_platform.attributes.guessing import format_of, guess
from kith_platform.attributes.kinds import Column, Definition, definitions
from kith_platform.facts.models import CustomerRecord
from kith_platform.imports.formats import present
from kith_platform.imports.mapping import position
from kith_platform.imports.models import DRAFT, Import
from kith_platform.imports.preview import Preview
from kith_platform.imports.problems import COLUMN
from kith_platform.imports.reading import column as column_of
from kith_tenants.context import tenant_of

RECORD: Table = CustomerRecord.__table__
IMPORTS, SAMPLE, EXAMPLES = 200, 1_000, 3


@dataclass(frozen=True)
class Seen:
    """A column, what it would be as an attribute, and of `sampled` records the share that say something there."""

    source: str
    column: str
    examples: tuple[str, ...]
    share: float
    sampled: int
    guess: Definition


def seen(session: Session) -> list[Seen]:
    """Columns of files imported as customers that are no attribute yet and hold something, by source."""
    known = definitions(session)
    kept = {(one.source, one.column) for attribute in known for one in attribute.columns}
    taken = {one.key for one in known}
    found = []
    for source, columns in _columns(session).items():
        left = [name for name in columns if (source, name) not in kept]
        texts = sample(session, source, left)
        for name in left:
            said, sampled = present(texts[name]), texts[name].len()
            if said.len():
                examples = tuple(said.unique(maintain_order=True).head(EXAMPLES).to_list())
                would_be = guessed(session, source, name, texts[name], taken)
                found.append(Seen(source, name, examples, said.len() / sampled, sampled, would_be))
    return found


@dataclass(frozen=True)
class Offer:
    """What a column of a file is as an attribute (`made`), or would be."""

    attribute: Definition
    made: bool


def offered(session: Session, row: Import, file: Preview) -> dict[str, Offer]:
    """The columns of a file of customers that have no place, by name."""
    if row.table_name != "customers":
        return {}
    known = definitions(session)
    taken = {one.key for one in known}
    found = {}
    for source in file.guess.mapping.unmapped:
        name = str(source)
        made = next((one for one in known if one.reading(row.source, [name])), None)
        if made is not None:
            found[name] = Offer(made, True)
            continue
        texts = file.texts[column_of(position(source, file.dialect))]
        if present(texts).len():
            found[name] = Offer(guessed(session, row.source, name, texts, taken), False)
    return found


def guessed(session: Session, source: str, name: str, texts: pl.Series, taken: Iterable[str]) -> Definition:
    """What a column would be, in the company's language and zone. One that is known by its position is called so."""
    company = tenant_of(session)
    label = i18n.translate(COLUMN, company.language, number=name) if name.isdigit() else name
    return guess(name, texts, source, set(taken), label=label, language=company.language, zone=company.timezone)


def column(session: Session, source: str, name: str, kind: str) -> Column:
    """A column with the way it writes values of a kind, as the records kept of it show."""
    company = tenant_of(session)
    texts = sample(session, source, [name])[name]
    return Column(source, name, format_of(name, texts, kind, language=company.language, zone=company.timezone))


def sample(session: Session, source: str, names: Sequence[str]) -> dict[str, pl.Series]:
    """What some records of a source say in these columns."""
    if not names:
        return {}
    raw = select(RECORD.c.raw).where(RECORD.c.source == source).order_by(RECORD.c.external_id).limit(SAMPLE)
    rows = [row or {} for row in session.execute(raw).scalars()]
    return {name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in names}


def _columns(session: Session) -> dict[str, list[str]]:
    """Columns without a place of the latest imports of customers, by source, the newest file's first."""
    statement = (
        select(Import.source, Import.mapping["unmapped"])
        .where(Import.table_name == "customers", Import.state != DRAFT, ~Import.dry_run, Import.undone_at.is_(None))
        .order_by(Import.id.desc())
        .limit(IMPORTS)
    )
    found: dict[str, list[str]] = {}
    for source, unmapped in session.execute(statement):
        own = found.setdefault(source, [])
        own += [str(name) for name in unmapped or () if str(name) not in own]
    return dict(sorted(found.items()))
