"""`kith quality`."""

from __future__ import annotations

from typing import Any

import click

from kith_platform.cli.root import Console, command


@command("quality")
@click.argument("tenant")
def quality(console: Console, tenant: str) -> None:
    """How good the data of TENANT are: measures by source and field, issues, and what filling fields would bring a model.

    As of the last refresh: `kith refresh TENANT` measures anew.
    """
    import datetime as dt

    from kith_platform.auth.who import system
    from kith_platform.quality import service

    company = console.tenant(tenant)
    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        document = service.document(session, system(), now=dt.datetime.now(dt.UTC))
    console.answer({"tenant": company.slug, **document}, _words(document))


def _words(found: dict[str, Any]) -> str:
    if found["as_of"] is None:
        return "Not measured yet: `kith refresh` does it."
    whole = [one for one in found["measures"] if not one["source"] and not one["field"]]
    lines = [f"{one['metric']}: {one['value']:.1%}" for one in whole]
    lines += [f"{one['severity']}: {one['title']} ({one['count']} {one['unit']})" for one in found["issues"]]
    return "\n".join(lines)


COMMANDS = (quality,)
