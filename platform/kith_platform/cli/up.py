"""`kith up`: the whole site on this machine."""

from __future__ import annotations

import subprocess
import sys

import click

from kith_platform.cli.root import Console, command


@command("up")
@click.option("--port", default=8000, show_default=True)
@click.option("--demo", is_flag=True, help="Bring in the demo companies first.")
def up(console: Console, port: int, demo: bool) -> None:
    """Run the site in the foreground: web, dispatcher, schedule and workers, on embedded servers where none are set."""
    from kith_platform.runtime import bring_to_head
    from kith_platform.servers import up as site
    from kith_platform.servers.embedded import Embedded

    console.say("› Starting the database and the queue")
    for done in bring_to_head(Embedded(console.settings)):
        console.say(f"› {done}")
    if demo:
        _demo(console)
    console.say(f"› Kith opens at http://127.0.0.1:{port}")
    if demo:
        from kith_platform.demo.load import OWNER, password

        console.say(f"›   sign in as  {OWNER}\n›   password    {password(console.settings)}")
    site.up(console.settings, port, console.say)


def _demo(console: Console) -> None:
    """Each company in a process of its own, side by side, with its share of the cores. Raises ServerError where one fails."""
    from dataclasses import replace

    from kith_platform.demo.companies import companies
    from kith_platform.jobs import resources
    from kith_platform.plugins import Plugins
    from kith_platform.servers.home import ServerError
    from kith_platform.servers.programs import environment

    keys = [company.key for company in companies(Plugins())]
    share = resources.threads(console.settings, len(keys))
    given = _environment(environment(replace(console.settings, job_threads=share)))
    resources.tell_libraries(given, share)
    children = [
        subprocess.Popen([sys.executable, "-m", "kith_platform.demo.load", key], env=given)  # noqa: S603
        for key in keys
    ]
    failed = [key for key, child in zip(keys, children, strict=True) if child.wait() != 0]
    if failed:
        raise ServerError(f"The demo companies {', '.join(failed)} did not come in; the lines above say why.")


def _environment(own: dict[str, str]) -> dict[str, str]:
    import os

    return {**os.environ, **own}


COMMANDS = (up,)
