"""The root command, how a command opens Kith, and how it answers: one JSON document with --json, words otherwise."""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import update_wrapper
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import click

from kith_platform.config import Settings

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime
    from kith_tenants.tenant import TenantContext


class Console:
    """What a command talks through. Answers go to stdout, everything else to stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.settings = Settings.from_environment()
        self._opened: Runtime | None = None

    @property
    def runtime(self) -> Runtime:
        """The Runtime: starts embedded servers where needed and brings the schema to head, once."""
        if self._opened is None:
            from kith_platform.runtime import open_runtime

            self._opened = open_runtime(self.settings)
        return self._opened

    def tenant(self, slug: str) -> TenantContext:
        """The company with this address. Raises RegistryProblem."""
        from kith_tenants import registry

        with self.runtime.doors.auth_scope() as session:
            return registry.find(session, slug)

    def say(self, words: str) -> None:
        """Progress and remarks, on stderr."""
        click.echo(words, err=True)

    def answer(self, document: Mapping[str, Any], words: str | None = None) -> None:
        """The command's result: `document` as JSON with --json, else `words`, else the document's fields a line each."""
        if self.as_json:
            click.echo(json.dumps(document, ensure_ascii=False, default=str))
        else:
            click.echo(words if words is not None else "\n".join(f"{key}: {value}" for key, value in document.items()))

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()


def command(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function whose first argument is the Console. Adds --json."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        def run(*args: Any, as_json: bool, **given: Any) -> Any:
            with contextlib.closing(Console(as_json=as_json)) as console:
                return function(console, *args, **given)

        option = click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")
        option_added: Any = option(update_wrapper(run, function))
        made: click.Command = click.command(name, **attributes)(option_added)  # type: ignore[no-untyped-call]
        return made

    return decorate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kith-platform", prog_name="kith")
def kith() -> None:
    """Kith: whom to win, keep, grow and win back, why, what to do today, and whether it paid."""
    from kith_platform import logs

    logs.configure("info", as_json=False)  # to stderr: stdout is for answers alone


def _commands() -> Iterator[click.Command]:
    import kith_platform.cli as package

    for module in pkgutil.iter_modules(package.__path__):
        yield from getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "COMMANDS", ())
    for point in entry_points(group="kith.commands"):
        try:
            yield point.load()
        except Exception as error:
            click.echo(f"kith: the command {point.name} of {point.module} cannot be loaded: {error}", err=True)


def main() -> None:
    """Entry point. Exit 0 done, 1 a clear error on stderr, 2 wrong usage."""
    for found in _commands():
        kith.add_command(found)
    try:
        kith(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        if not isinstance(error, _problems()):
            raise
        click.echo(f"kith: {error}", err=True)
        sys.exit(1)


def _problems() -> tuple[type[Exception], ...]:
    """What a person can be told about; the rest are mistakes of ours. Imported only now: a start of `kith` is to be quick."""
    from kith_platform.errors import KithError
    from kith_platform.migrate import MigrationProblem
    from kith_tenants.registry import RegistryProblem
    from kith_tenants.roles import TooPowerful

    return KithError, MigrationProblem, OSError, RegistryProblem, TooPowerful
