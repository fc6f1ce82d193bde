"""DuckDB as the engine of frames: one in-memory database per use, which can read the tenant's own files and nothing else.

Open it in a job's child process, or in a web process with small limits; a process that has used DuckDB must not fork.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.blobs import TenantBlobs
from kith_platform.frames.cut import NEVER, TOLD_AT, TOLD_ON, Before
from kith_platform.snapshots.manifest import File, TableFiles


class Duck:
    """Live rows of a snapshot's tables. `scratch` takes what does not fit into memory; times are read and given in UTC."""

    def __init__(self, blobs: TenantBlobs, *, threads: int, memory_mb: int, scratch: Path) -> None:
        self._blobs = blobs
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._duck = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "memory_limit": f"{memory_mb}MB",
                "temp_directory": str(scratch),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        protocol = blobs.files.protocol if isinstance(blobs.files.protocol, str) else blobs.files.protocol[0]
        local = "file" in (blobs.files.protocol, *blobs.files.protocol)
        self._prefix = "" if local else f"{protocol}://"
        if not local:
            self._duck.register_filesystem(blobs.files)
        self._ibis = ibis.duckdb.from_connection(self._duck)
        self._views = itertools.count(1)
        self._told: Before | None = None
        self._tell(NEVER)
        self._duck.execute(f"SET allowed_directories = [{_quoted(f'{self._prefix}{blobs.root}/')}]")
        self._duck.execute("SET enable_external_access = false")
        self._duck.execute("SET lock_configuration = true")

    def close(self) -> None:
        self._duck.close()

    def rows(self, name: str, table: TableFiles) -> ir.Table:
        """The table's live rows: of each id the newest generation, without those removed since."""
        whole, *deltas = table.files
        source = self._rows(whole)
        if deltas:
            every = " UNION ALL ".join(self._stamped("*", file) for file in table.files if not file.removed)
            self._duck.execute(f"CREATE TABLE {_name(f'{name}_later')} AS {self._later(deltas)}")
            source = (
                f"(SELECT rows.* EXCLUDE (generation) FROM ({every}) AS rows ANTI JOIN {_name(f'{name}_later')} AS later"  # noqa: S608
                " ON rows.id = later.id AND rows.generation < later.generation)"
            )
        self._duck.execute(f"CREATE VIEW {_name(name)} AS SELECT * FROM {source}")  # noqa: S608
        return self._ibis.table(name)

    def empty(self, name: str, schema: pa.Schema) -> ir.Table:
        """A table without rows, for what the snapshot does not hold yet."""
        self._duck.register(name, schema.empty_table())
        return self._ibis.table(name)

    def keep(self, name: str, rows: ir.Table) -> ir.Table:
        """Compute once what many expressions read."""
        return self._ibis.create_table(name, rows, temp=True)

    def view(self, name: str, rows: ir.Table) -> ir.Table:
        """Write once what many expressions are built on: they name it instead of saying it again. Computes nothing itself."""
        return self._ibis.create_view(f"{name}_{next(self._views)}", rows)

    def forget(self, name: str) -> None:
        """Drop what was kept under the name."""
        self._duck.execute(f"DROP TABLE IF EXISTS {_name(name)}")

    def run(self, expression: ir.Expr, told: Before = NEVER) -> pa.Table:
        """The expression's rows; `told` is the day before which tables of `BeforeTold` see."""
        self._tell(told)
        try:
            result: Any = self._ibis.to_pyarrow(expression.as_table())
        finally:
            self._tell(NEVER)
        return result

    def _tell(self, told: Before) -> None:
        if told != self._told:
            self._duck.execute(f"SET VARIABLE {TOLD_AT} = $1", [told.instant])
            self._duck.execute(f"SET VARIABLE {TOLD_ON} = $1", [told.day])
            self._told = told

    def _rows(self, file: File) -> str:
        return f"read_parquet({_quoted(self._prefix + self._blobs.path(file.name))})"

    def _stamped(self, columns: str, file: File) -> str:
        return f"SELECT {columns}, {file.generation} AS generation FROM {self._rows(file)}"  # noqa: S608 - names are ours

    def _later(self, deltas: list[File]) -> str:
        """Which ids have a newer row, or none any more, since which generation."""
        ids = " UNION ALL ".join(self._stamped("id", file) for file in deltas)
        return f"SELECT id, max(generation) AS generation FROM ({ids}) GROUP BY id"  # noqa: S608


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
