"""`kith migrate`, `kith psql`, `kith down`."""

from __future__ import annotations

import os

import click

from kith_platform.cli.root import Console, command
from kith_platform.config import Settings


@command("migrate")
def migrate(console: Console) -> None:
    """Bring the database to this version; makes the roles where it may, prints the SQL where it may not."""
    from kith_platform.runtime import bring_to_head
    from kith_platform.servers.embedded import Embedded

    done = bring_to_head(Embedded(console.settings))
    console.answer({"done": done}, "\n".join(done) or "The database is up to date.")


@click.command(
    "psql", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def psql(args: tuple[str, ...]) -> None:
    """Open psql on Kith's own database as its superuser; ARGS go to psql unchanged."""
    from kith_platform.servers.embedded import Embedded
    from kith_platform.servers.home import ServerError

    servers = Embedded(Settings.from_environment())
    if servers.postgres is None:
        raise ServerError("This installation uses a PostgreSQL of its own (KITH_DATABASE_URL): use its psql.")
    servers.postgres.start()
    line, environment = servers.postgres.psql(list(args))
    os.execve(line[0], line, {**os.environ, **environment})  # noqa: S606 - no shell is wanted


@command("down")
def down(console: Console) -> None:
    """Stop the embedded servers, and a `kith up` that runs on them."""
    from kith_platform.servers.up import down as stop

    stop(console.settings)
    console.answer({"stopped": True}, "Stopped.")


COMMANDS = (migrate, psql, down)
