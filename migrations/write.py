"""Write a migration from the difference between the models and a fresh database: `python migrations/write.py SLUG [PLUGIN]`.

Starts an embedded PostgreSQL of its own in a temporary folder, so it touches no database of yours.
`--first` writes core's first migration anew; only until a release carries it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import alembic.command
from sqlalchemy import text

from kith_platform import migrate
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.plugins import Plugins, installed_streams
from kith_platform.servers.home import Home
from kith_platform.servers.postgres import Postgres
from kith_tenants.schema import OWNER


def main(slug: str, plugin: str = "core", *, first: bool = False) -> None:
    migrate.load_models()
    plugins = Plugins(strict=True)
    FactCatalogue(plugins.facts())  # maps their tables
    stream = migrate.CORE_STREAM if plugin == "core" else migrate.plugin_stream(plugin, plugins[plugin].folder)
    stream.versions.mkdir(parents=True, exist_ok=True)
    streams = {one.name: one for one in [migrate.CORE_STREAM, *installed_streams()]}
    if not first:
        write(slug, stream, list(streams.values()), first=False)
        return
    with tempfile.TemporaryDirectory(prefix="kith-") as folder:
        fresh = replace(stream, versions=Path(folder))
        write(slug, fresh, [fresh if one is stream else one for one in streams.values()], first=True)
        (written,) = fresh.versions.glob("*.py")
        for old in stream.versions.glob("*.py"):
            old.unlink()
        shutil.copy(written, stream.versions)


def write(slug: str, stream: migrate.Stream, streams: list[migrate.Stream], *, first: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="kith-") as folder:
        server = Postgres(Home(Path(folder)), durable=False)
        server.start()
        try:
            migrate.migrate(server.superuser_url(), streams, {})
            with migrate.owner_connection(server.superuser_url()) as connection:
                connection.execute(text(f"SET ROLE {OWNER.name}"))
                connection.commit()
                alembic.command.revision(
                    stream.config(connection), message=slug, autogenerate=True, rev_id=f"{stream.name}_0001" if first else None
                )
        finally:
            server.stop()


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--first"]
    main(*words, first="--first" in sys.argv)
