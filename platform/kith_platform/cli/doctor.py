"""`kith doctor`: is this installation well, and what to do where it is not."""

from __future__ import annotations

import sys

from kith_platform.cli.root import Console, command


@command("doctor")
def doctor(console: Console) -> None:
    """Look at servers, roles, migrations, plugins, references and the queue. Exit 1, and what to do, where one is not well."""
    from kith_platform.doctor.service import examine

    found = examine(console.settings)
    checks = [{"name": one.name, "ok": one.ok, "found": one.found, "do": one.do} for one in found]
    lines = [f"{'✓' if one.ok else '✗'} {one.name}: {one.found}" + (f"\n  → {one.do}" if one.do else "") for one in found]
    console.answer({"ok": all(one.ok for one in found), "checks": checks}, "\n".join(lines))
    if not all(one.ok for one in found):
        sys.exit(1)


COMMANDS = (doctor,)
