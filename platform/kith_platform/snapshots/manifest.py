"""What a snapshot consists of, as values that cross processes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kith_platform.snapshots.models import Snapshot

DELTA_SHARE = 0.2  # of a table's rows: beyond it the table is written anew
DELTA_FILES = 16  # many small files read slower than one


@dataclass(frozen=True)
class File:
    """One Parquet file. `removed` files hold the ids of rows that are gone; a row counts in its newest generation only."""

    name: str
    rows: int
    bytes: int
    generation: int
    removed: bool = False


@dataclass(frozen=True)
class TableFiles:
    """One table: (column, Arrow type) pairs, the zone of its local times, and its files, oldest first, the whole one leading."""

    columns: tuple[tuple[str, str], ...]
    zone: str
    files: tuple[File, ...]

    @property
    def rows(self) -> int:
        """Rows in the files: at least the number of live rows, and equal to it while there are no deltas."""
        return sum(file.rows for file in self.files if not file.removed)

    @property
    def overgrown(self) -> bool:
        """Whether the deltas are so many that the table should be written anew."""
        whole, *deltas = self.files
        return len(deltas) > DELTA_FILES or sum(file.rows for file in deltas) > DELTA_SHARE * whole.rows

    @staticmethod
    def of(stored: Mapping[str, Any]) -> TableFiles:
        columns = tuple((name, kind) for name, kind in stored["columns"])
        return TableFiles(columns, stored["zone"], tuple(File(**file) for file in stored["files"]))


@dataclass(frozen=True)
class AttributeShape:
    """A tenant's own customer field: its kind (as sdk.facts.Kind) and timing (fixed, dated, current)."""

    key: str
    kind: str
    timing: str


@dataclass(frozen=True)
class Manifest:
    """A snapshot that is ready to be read. `read_at` is the database's time, UTC; `timezone` and `currency` the tenant's then."""

    id: int
    public_id: uuid.UUID
    tenant_id: int
    generation: int
    read_at: dt.datetime
    cluster: str
    oldest_transaction: int
    timezone: str
    currency: str
    attributes: tuple[AttributeShape, ...]
    tables: Mapping[str, TableFiles]

    @property
    def files(self) -> frozenset[str]:
        return frozenset(file.name for table in self.tables.values() for file in table.files)

    @staticmethod
    def of(row: Snapshot) -> Manifest:
        return Manifest(
            row.id,
            row.public_id,
            row.tenant_id,
            row.generation or 0,
            row.read_at,
            row.cluster,
            row.oldest_transaction,
            row.timezone,
            row.currency,
            tuple(AttributeShape(**attribute) for attribute in row.attributes),
            {name: TableFiles.of(table) for name, table in row.tables.items()},
        )


def stored(tables: Mapping[str, TableFiles]) -> dict[str, Any]:
    """Tables as the manifest row holds them."""
    return {name: asdict(table) for name, table in tables.items()}
