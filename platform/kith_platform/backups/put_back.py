"""Restoring a backup into an empty installation: all of the database or nothing of it, then proof, then the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import text

from kith_platform import migrate
from kith_platform.backups import database, keys, lint
from kith_platform.backups.manifest import DUMP, BackupManifest, read
from kith_platform.backups.take import NotSet, Say, store_of
from kith_platform.config import Settings
from kith_platform.errors import Conflict, KithError
from kith_platform.i18n import N_
from kith_platform.plugins import installed_streams
from kith_platform.servers.embedded import Embedded, ServerUrls
from kith_tenants import roles
from kith_tenants.schema import OWNER, ROLES

_LOGINS = ", ".join(f"'{role.name}'" for role in ROLES if role.login)
_CONNECTED = f"""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename IN ({_LOGINS}) AND pid <> pg_backend_pid()
"""  # noqa: S608 - a constant


class RestoreFailed(KithError):
    """What was restored is not what was saved."""

    code = "restore_failed"
    default = N_("The restored database is not as it was saved: %(problems)s. Do not open the site; restore another copy.")


@dataclass(frozen=True)
class Restored:
    """The backup's manifest, and of each key: same, restored or different."""

    manifest: BackupManifest
    keys: dict[str, str]


def restore(settings: Settings, folder: Path, *, say: Say = lambda _words: None) -> Restored:
    """Put the backup in `folder` into this installation, which must be empty and not in use; its roles are made anew.

    Raises NotABackup, Conflict, NotSet, ProgramFailed, RestoreFailed, MigrationProblem, ServerError.
    """
    say("checking the backup")
    manifest = read(folder)
    _demand_known(manifest)
    servers = Embedded(settings)
    urls = servers.ensure()
    owner = _demand(urls.owner, "KITH_DATABASE_OWNER_URL", "kith_owner")
    backup = _demand(urls.backup, "KITH_DATABASE_BACKUP_URL", "kith_backup")
    store = store_of(settings, servers)
    if store.names():
        raise Conflict(
            N_("There are companies' files in this installation already. Restore into an empty KITH_HOME or KITH_BLOB_URL.")
        )
    _make_room(servers, owner, backup)
    say("reading the database back")
    arguments = [
        "--single-transaction",
        "--exit-on-error",
        f"--role={OWNER.name}",
        f"--dbname={database.environment(owner)['PGDATABASE']}",
    ]
    program = database.program("pg_restore", embedded=servers.postgres is not None)
    database.finish(database.start(program, [*arguments, str(folder / DUMP)], owner))
    say("proving every table")
    _prove(manifest, urls, backup)
    say("copying the companies' files")
    for name in manifest.blobs:
        store.put_back(folder, name)
    return Restored(manifest, keys.put_back(folder, settings, servers.home, manifest.keys))


def _demand(url: str | None, name: str, role: str) -> str:
    if url is None:
        raise NotSet(name=name, role=role)
    return url


def _demand_known(manifest: BackupManifest) -> None:
    """Raise Conflict for a schema that is newer than this Kith. Streams of plugins that are not installed stay as they are."""
    for stream in (migrate.CORE_STREAM, *installed_streams()):
        revision = manifest.streams.get(stream.schema)
        known = {script.revision for script in ScriptDirectory.from_config(stream.config()).walk_revisions()}
        if revision is not None and revision not in known:
            raise Conflict(
                N_("A newer Kith (%(kith)s; %(stream)s at %(revision)s) made this backup. Install that, then restore."),
                kith=manifest.kith,
                stream=stream.name,
                revision=revision,
            )


def _make_room(servers: Embedded, owner: str, backup: str) -> None:
    """Make the roles, and take away the empty tables that a first start may have made. Raises Conflict where rows are."""
    passwords = {role.name: servers.postgres.password(role.name) for role in ROLES} if servers.postgres else {}
    migrate.migrate(owner, [], passwords)
    with database.connected(backup) as connection:
        # By this login, which sees every row: under forced policies an owner finds any table empty.
        busy = connection.execute(_CONNECTED).fetchone()
        if busy and busy[0]:
            raise Conflict(N_("The site is running on this database. Stop it (`kith down`), then restore."))
        full = [
            str(table) for table in database.tables(connection) if table.name != "alembic_version" and _any(connection, table)
        ]
        schemas = {table.schema for table in database.tables(connection)} | {"kith"}
    if full:
        raise Conflict(
            N_(
                "This installation is not empty: there are rows in %(tables)s. Restore into a new KITH_HOME or an empty database."
            ),
            tables=", ".join(full[:5]),
        )
    with migrate.owner_connection(owner) as held:
        held.execute(text(f"SET ROLE {OWNER.name}"))
        for schema in sorted(schemas):
            held.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
        held.commit()


def _any(connection: psycopg.Connection, table: database.TableName) -> bool:
    row = connection.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(table.identifier)).fetchone()
    return bool(row and row[0])


def _prove(manifest: BackupManifest, urls: ServerUrls, backup: str) -> None:
    """Every table's rows and checksum, the policies, the roles, the counters. Raises RestoreFailed."""
    with database.connected(backup) as connection:
        found = {str(table): database.table_sum(connection, table) for table in database.tables(connection)}
        wrong = [
            f"{name} differs"
            for name in sorted(found.keys() | manifest.tables.keys())
            if found.get(name) != manifest.tables.get(name)
        ]
        wrong += lint.problems(connection)
    for url in (urls.app, urls.auth, urls.dispatch):
        with migrate.owner_connection(url) as login:
            roles.refuse_power(login)
    if wrong:
        raise RestoreFailed(problems="; ".join(wrong[:10]))
