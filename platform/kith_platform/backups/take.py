"""Taking a backup while the site runs: one moment of the database, then the files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import psycopg

from kith_platform.backups import database, keys
from kith_platform.backups.files import Store
from kith_platform.backups.manifest import DUMP, FORMAT, BackupManifest, FileSum, TableSum, file_sum, fingerprint
from kith_platform.config import Settings
from kith_platform.errors import Conflict, Invalid
from kith_platform.i18n import N_
from kith_platform.servers.embedded import Embedded

Say = Callable[[str], None]


class NotSet(Invalid):
    """A login that this needs is not among the settings."""

    code = "not_set"
    default = N_("%(name)s is not set: it is the login of %(role)s, by which this works. Set it, then try again.")


def store_of(settings: Settings, servers: Embedded) -> Store:
    return Store(settings.blob_url or servers.home.blobs.as_uri())


def backup(settings: Settings, folder: Path, *, with_keys: bool = False, say: Say = lambda _words: None) -> BackupManifest:
    """Write the whole installation into `folder`, which is new or empty; the site may go on working.

    Raises Conflict for a folder with something in it, NotSet, ProgramFailed, ServerError.
    """
    servers = Embedded(settings)
    urls = servers.ensure()
    if urls.backup is None:
        raise NotSet(name="KITH_DATABASE_BACKUP_URL", role="kith_backup")
    _claim(folder)
    held = keys.current(settings, servers.home)
    with database.connected(urls.backup) as connection:
        moment, sums, streams, companies = _database(
            connection, urls.backup, folder, embedded=servers.postgres is not None, say=say
        )
        server = str(connection.info.parameter_status("server_version"))
    files: dict[str, FileSum] = {DUMP: file_sum(folder / DUMP)}
    say("copying the companies' files")
    files |= dict(store_of(settings, servers).save(folder))
    if with_keys:
        files |= {path: file_sum(folder / path) for path in keys.save(folder, held)}
    manifest = BackupManifest(
        format=FORMAT,
        kith=version("kith-platform"),
        postgresql=server,
        made_at=moment.isoformat(),
        companies=companies,
        streams=streams,
        tables=sums,
        files=files,
        keys={name: fingerprint(key) for name, key in held.items()},
        with_keys=with_keys,
    )
    manifest.write(folder)
    return manifest


def _claim(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict(N_("%(folder)s holds something already. Name a new folder: a backup never overwrites."), folder=folder)
    folder.chmod(0o700)


def _database(
    connection: psycopg.Connection, url: str, folder: Path, *, embedded: bool, say: Say
) -> tuple[dt.datetime, dict[str, TableSum], dict[str, str], int]:
    """Dump and sums of one and the same moment: pg_dump reads the snapshot that this transaction shows it."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    row = connection.execute("SELECT now(), pg_export_snapshot(), (SELECT count(*) FROM kith.tenant)").fetchone()
    assert row is not None  # noqa: S101 - a SELECT of expressions gives a row
    moment, snapshot, companies = row
    say("writing the database")
    arguments = ["--format=custom", "--compress=gzip:1", f"--snapshot={snapshot}", f"--file={folder / DUMP}"]
    arguments += [f"--schema={schema}" for schema in database.SCHEMAS]
    dump = database.start(database.program("pg_dump", embedded=embedded), arguments, url)
    try:
        sums = {str(table): database.table_sum(connection, table) for table in database.tables(connection)}
        streams = database.streams(connection)
        say("waiting for pg_dump")
        database.finish(dump)
    finally:
        if dump.poll() is None:
            dump.kill()
            dump.wait()
    connection.execute("COMMIT")
    return moment.astimezone(dt.UTC), sums, streams, companies
