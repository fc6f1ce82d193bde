"""Mappings that people have confirmed, used again for the next file of the same source, table and header."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.imports.dialect import Dialect
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.models import SavedMapping


def mapping_of(session: Session, source: str, table: str, dialect: Dialect) -> Mapping | None:
    """The mapping last confirmed for files of this source, table and header."""
    found = session.execute(
        select(SavedMapping.mapping).where(
            SavedMapping.source == source, SavedMapping.table_name == table, SavedMapping.header == fingerprint(dialect)
        )
    ).scalar_one_or_none()
    return Mapping.from_json(found) if found else None


def fingerprint(dialect: Dialect) -> str:
    """What makes two files alike: the names of their columns, else how many they have."""
    shape = list(dialect.header) if dialect.has_header else [dialect.delimiter, dialect.columns]
    return hashlib.sha256(json.dumps(shape).encode()).hexdigest()


def keep(session: Session, source: str, table: str, dialect: Dialect, mapping: Mapping) -> None:
    """Remember a confirmed mapping, in place of the one before."""
    statement = insert(SavedMapping).values(
        source=source, table_name=table, header=fingerprint(dialect), mapping=mapping.to_json()
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[SavedMapping.tenant_id, SavedMapping.source, SavedMapping.table_name, SavedMapping.header],
            set_={"mapping": statement.excluded.mapping, "changed_at": func.now()},
        )
    )
