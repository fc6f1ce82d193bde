"""`kith backup` and `kith restore`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from kith_platform.cli.root import Console, command

FOLDER = click.Path(file_okay=False, path_type=Path)
NEEDED = {
    "model_key": "Trained models cannot be opened until it is there; train them again where it is lost.",
    "secret_key": "Second factors, recovery codes and waiting mail cannot be read until it is there.",
}


@command("backup")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--with-keys", is_flag=True, help="Put the keys into the backup, too: whoever has it then has everything.")
def backup(console: Console, folder: Path, with_keys: bool) -> None:
    """Save the whole installation into DIR, a new folder, while the site goes on working.

    The keys in $KITH_HOME/keys are not in it unless --with-keys: keep a copy of model_key and secret_key somewhere else.
    """
    from kith_platform.backups.take import backup as take

    started = time.monotonic()
    made = take(console.settings, folder.absolute(), with_keys=with_keys, say=lambda words: console.say(f"  {words}"))
    document: dict[str, Any] = {
        "folder": str(folder.absolute()),
        "made_at": made.made_at,
        "companies": made.companies,
        "tables": len(made.tables),
        "rows": made.rows,
        "files": len(made.blobs),
        "bytes": made.bytes,
        "with_keys": with_keys,
        "key_fingerprints": made.keys,
        "seconds": round(time.monotonic() - started, 3),
    }
    words = (
        f"{document['companies']} companies, {document['rows']} rows, {document['files']} files are in {folder} "
        f"({document['bytes'] / 1e6:.1f} MB, {document['seconds']:.1f} s)."
    )
    if not with_keys:
        words += f"\nThe keys are not: keep a copy of {console.settings.home / 'keys'} apart from it."
    console.answer(document, words)


@command("restore")
@click.argument("folder", metavar="DIR", type=FOLDER)
def restore(console: Console, folder: Path) -> None:
    """Put the backup in DIR into this installation, which must be empty, and prove that it is what was saved.

    Restore only backups of your own: a database dump can run code.
    """
    from kith_platform.backups.put_back import restore as put_back

    started = time.monotonic()
    done = put_back(console.settings, folder.absolute(), say=lambda words: console.say(f"  {words}"))
    made = done.manifest
    for name, state in done.keys.items():
        if state == "different":
            console.say(
                f"The {name} of this installation is not the one of the backup ({made.keys[name]}). {NEEDED[name]} "
                f"Put it into {console.settings.home / 'keys' / name}."
            )
    document: dict[str, Any] = {
        "folder": str(folder.absolute()),
        "made_at": made.made_at,
        "companies": made.companies,
        "tables": len(made.tables),
        "rows": made.rows,
        "files": len(made.blobs),
        "keys": done.keys,
        "proved": True,
        "seconds": round(time.monotonic() - started, 3),
    }
    words = (
        f"{made.companies} companies, {made.rows} rows, {len(made.blobs)} files of {made.made_at} are back; every table's "
        f"checksum, policies, roles and counters are right ({document['seconds']:.1f} s)."
    )
    console.answer(document, words)


COMMANDS = (backup, restore)
