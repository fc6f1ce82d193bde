"""Write a migration from the difference between the models and a fresh database: `python migrations/write.py SLUG [PLUGIN]`.

Starts an embedded PostgreSQL of its own in a temporary folder, so it touches no database of yours.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import alembic.command
from sqlalchemy import text

from kith_platform import migrate
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.plugins import Plugins, installed_streams
from kith_platform.servers.home import Home
from kith_platform.servers.postgres import Postgres
from kith_tenants.schema import OWNER


def main(slug: str, plugin: str = "core") -> None:
    migrate.load_models()
    plugins = Plugins(strict=True)
    FactCatalogue(plugins.facts())  # maps their tables
    stream = migrate.CORE_STREAM if plugin == "core" else migrate.plugin_stream(plugin, plugins[plugin].folder)
    stream.versions.mkdir(parents=True, exist_ok=True)
    streams = {one.name: one for one in [migrate.CORE_STREAM, *installed_streams(), stream]}
    with tempfile.TemporaryDirectory(prefix="kith-") as folder:
        server = Postgres(Home(Path(folder)), durable=False)
        server.start()
        try:
            migrate.migrate(server.superuser_url(), streams.values(), {})
            with migrate.owner_connection(server.superuser_url()) as connection:
                connection.execute(text(f"SET ROLE {OWNER.name}"))
                connection.commit()
                alembic.command.revision(stream.config(connection), message=slug, autogenerate=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
