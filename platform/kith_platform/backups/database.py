"""The database's side: PostgreSQL's own programs, and what a backup must know of the tables."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from kith_platform.backups.manifest import TableSum
from kith_platform.errors import Unavailable
from kith_platform.i18n import N_
from kith_platform.servers import postgres

# libpq's environment variables for what a URL may say; the password is on no command line.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
SCHEMAS = ("kith", "plugin_*")
OURS = "(n.nspname = 'kith' OR n.nspname LIKE 'plugin\\_%')"

_TABLES = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1, 2
"""  # noqa: S608 - a constant
# Text of a row is the same wherever its values are: UTC and the shortest exact floats are set by `connected`.
_SUM = "SELECT count(*), coalesce(sum(hashtextextended(one::text, 0)::numeric), 0)::text FROM {} one"


class ProgramFailed(Unavailable):
    """pg_dump or pg_restore ended with an error."""

    code = "database_program_failed"
    default = N_("%(program)s failed:\n%(end)s")


@dataclass(frozen=True, order=True)
class TableName:
    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


def environment(url: str) -> dict[str, str]:
    """libpq variables for a SQLAlchemy URL."""
    parsed = make_url(url)
    given = {"host": parsed.host, "port": parsed.port, **parsed.query}
    found = {VARIABLES[key]: str(value) for key, value in given.items() if key in VARIABLES and value is not None}
    found |= {"PGUSER": parsed.username or "", "PGDATABASE": parsed.database or "", "PGCONNECT_TIMEOUT": "15"}
    return found | ({"PGPASSWORD": str(parsed.password)} if parsed.password else {})


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit, without time limits: a large table takes longer than any request may."""
    options = "-c timezone=UTC -c datestyle=ISO -c extra_float_digits=1 -c transaction_timeout=0 -c statement_timeout=0"
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True, options=options, application_name="kith backup") as connection:
        yield connection


def program(name: str, *, embedded: bool) -> Path:
    """Path of pg_dump or pg_restore: the wheel's for the embedded server; for another the one on PATH, which speaks TLS,
    where it is new enough.
    """
    ours = postgres.binaries() / name
    on_path = shutil.which(name)
    if embedded or on_path is None or _major(on_path) < int(postgres.VERSION):
        return ours
    return Path(on_path)


def _major(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found on PATH
    found = re.search(r"(\d+)", said)
    return int(found[1]) if found else 0


def start(path: Path, arguments: Sequence[str], url: str) -> subprocess.Popen[str]:
    """Start a program of PostgreSQL's as the login of `url`."""
    surroundings = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **environment(url)}
    command = [str(path), "--no-password", *arguments]
    return subprocess.Popen(command, env=surroundings, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # noqa: S603


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for it. Raises ProgramFailed with the end of what it said."""
    _, said = process.communicate()
    if process.returncode:
        name = Path(str(process.args[0])).name if isinstance(process.args, list) else "PostgreSQL"
        raise ProgramFailed(program=name, end="\n".join(said.strip().splitlines()[-8:]))


def tables(connection: psycopg.Connection) -> list[TableName]:
    """Every table of core's and of the plugins' schemas."""
    return [TableName(*row) for row in connection.execute(_TABLES)]


def table_sum(connection: psycopg.Connection, table: TableName) -> TableSum:
    """Read as a login that sees every row."""
    row = connection.execute(sql.SQL(_SUM).format(table.identifier)).fetchone()
    assert row is not None  # noqa: S101 - an aggregate gives a row
    return TableSum(*row)


def streams(connection: psycopg.Connection) -> dict[str, str]:
    """Revision by schema, of every schema that has versions."""
    found = [table for table in tables(connection) if table.name == "alembic_version"]
    rows = {table.schema: connection.execute(sql.SQL("SELECT version_num FROM {}").format(table.identifier)) for table in found}
    return {schema: str(row[0]) for schema, rows_of in rows.items() for row in rows_of}
