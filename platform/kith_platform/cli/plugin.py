"""`kith plugin list|new|check`. None of them opens a database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kith_platform.cli.root import Console, command


@click.group("plugin")
def plugin() -> None:
    """The plugins of this installation, and writing one."""


@command("list")
def listing(console: Console) -> None:
    """Installed plugins, and why one cannot be used."""
    from kith_platform.plugins import Plugins

    found = Plugins()
    plugins = [
        {"name": name, "version": one.manifest.version, "title": one.manifest.title, "folder": str(one.folder)}
        for name, one in found.loaded.items()
    ]
    left_out = [{"name": one.name, "reason": one.reason} for one in found.left_out]
    lines = [f"{one['name']}\t{one['version']}\t{one['title']}" for one in plugins]
    lines += [f"{one['name']}\tleft out\t{one['reason']}" for one in left_out]
    console.answer({"plugins": plugins, "left_out": left_out}, "\n".join(lines) or "No plugin is installed.")


@command("new")
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to put it; default: a new folder NAME here.")
def new(console: Console, name: str, folder: Path | None) -> None:
    """Write a plugin that can be installed as it is: a metric, a page, translations, a test."""
    from kith_platform.modules.scaffold import write

    target = (folder or Path(name)).resolve()
    files = [str(path) for path in write(name, target)]
    steps = f"Next: kith plugin check {target} · pip install {target} · restart Kith · switch it on under Modules."
    console.answer({"name": name, "folder": str(target), "files": files}, f"Wrote {len(files)} files to {target}.\n{steps}")


@command("check")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(console: Console, folder: Path) -> None:
    """Would this plugin be used, and does it keep the rules? Exit 1 and the list where not."""
    from kith_platform.modules.checking import check as find

    name, problems = find(folder.resolve())
    words = "\n".join(problems) if problems else f"{name}: nothing to complain of."
    console.answer({"name": name, "ok": not problems, "problems": problems}, words)
    if problems:
        sys.exit(1)


for one in (listing, new, check):
    plugin.add_command(one)

COMMANDS = (plugin,)
