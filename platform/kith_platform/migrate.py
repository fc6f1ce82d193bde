"""Bringing a database to this version: the roles, then the core stream of migrations, then one stream per plugin.

Migrations change structure only, as kith_owner. Each stream has a schema, a version table in it, and a folder of versions.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import alembic.command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from kith_tenants import rls, roles
from kith_tenants.schema import APP, BACKUP, CORE, OWNER

ROOT = Path(__file__).resolve().parents[2] / "migrations"


class MigrationProblem(RuntimeError):
    """The database cannot be brought to this version; the text says why and what to do."""


@dataclass(frozen=True)
class Stream:
    """One line of versions: `core`, or a plugin's."""

    name: str
    schema: str
    versions: Path

    def config(self, connection: Connection | None = None) -> Config:
        config = Config()
        config.set_main_option("script_location", str(ROOT))
        config.set_main_option("version_locations", str(self.versions))
        config.set_main_option("path_separator", "os")
        config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
        config.attributes.update(connection=connection, stream=self)
        return config

    def head(self) -> str | None:
        """The newest revision in the folder; None where there is none yet."""
        return ScriptDirectory.from_config(self.config()).get_current_head()

    def current(self, connection: Connection) -> str | None:
        """The revision the database stands at."""
        context = MigrationContext.configure(
            connection, opts={"version_table": "alembic_version", "version_table_schema": self.schema}
        )
        return context.get_current_revision()


CORE_STREAM = Stream("core", CORE, ROOT / "versions")


def plugin_stream(plugin: str, package_folder: Path) -> Stream:
    """The stream of a plugin that brings facts of its own."""
    return Stream(f"plugin_{plugin}", f"plugin_{plugin}", package_folder / "migrations" / "versions")


def load_models() -> None:
    """Import every models.py of core, so that the metadata knows all its tables."""
    importlib.import_module("kith_tenants.tenant")
    package = Path(__file__).parent
    for path in sorted(package.glob("**/models.py")):
        importlib.import_module("kith_platform." + ".".join(path.relative_to(package).with_suffix("").parts))


@contextmanager
def owner_connection(url: str) -> Iterator[Connection]:
    """A connection for owner work; nothing else keeps one. `url` is a login that may become kith_owner."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"options": "-c timezone=UTC -c transaction_timeout=0"})
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def migrate(owner_url: str, streams: Iterable[Stream], passwords: Mapping[str, str]) -> list[str]:
    """Make missing roles, then upgrade each stream to its head. Returns what was done, in words; empty when all stood.

    `passwords` by role name, used only for roles made now. Raises MigrationProblem with the SQL an administrator must run
    where this login may not make roles.
    """
    done: list[str] = []
    with owner_connection(owner_url) as connection:
        # Two processes may start at once: the second waits here and finds nothing to do.
        connection.execute(text("SELECT pg_advisory_lock(hashtext('kith.migrate'))"))
        connection.commit()
        done += _make_roles(connection, passwords)
        for stream in streams:
            done += _upgrade(connection, stream)
        connection.execute(text("SELECT pg_advisory_unlock(hashtext('kith.migrate'))"))
        connection.commit()
    return done


def _make_roles(connection: Connection, passwords: Mapping[str, str]) -> list[str]:
    absent = roles.missing(connection)
    connection.commit()
    if not absent:
        return []
    try:
        roles.create(connection, passwords)
        connection.commit()
    except (ProgrammingError, OperationalError) as error:
        connection.rollback()
        raise MigrationProblem(
            f"This login may not make the roles {', '.join(role.name for role in absent)}. Let an administrator run, "
            f"with passwords of your own:\n{roles.script(str(connection.engine.url.database))}"
        ) from error
    return [f"made the roles {', '.join(role.name for role in absent)}"]


def _upgrade(connection: Connection, stream: Stream) -> list[str]:
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text(f"SET ROLE {OWNER.name}"))
    if stream.schema == CORE:
        connection.execute(text(rls.tenant_function()))
        connection.execute(text(rls.append_only_function()))
    else:
        for statement in rls.plugin_schema(stream.schema):
            connection.execute(text(statement))
    connection.commit()
    before, head = stream.current(connection), stream.head()
    connection.commit()
    if head is not None and before != head:
        alembic.command.upgrade(stream.config(connection), "head")
        # Readiness compares the schema with the code, and a backup holds it too.
        connection.execute(text(f"GRANT SELECT ON {stream.schema}.alembic_version TO {APP.name}, {BACKUP.name}"))
        connection.commit()
    connection.execute(text("RESET ROLE"))
    connection.commit()
    return [] if before == head else [f"{stream.name}: {before or 'empty'} → {head}"]


def behind(connection: Connection, streams: Iterable[Stream]) -> list[str]:
    """Names of the streams whose database is not at the head of their folder."""
    return [stream.name for stream in streams if stream.current(connection) != stream.head()]
