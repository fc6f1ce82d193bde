"""`kith duplicates`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kith_platform.cli.root import Console, command

if TYPE_CHECKING:
    from kith_platform.duplicates.service import Said


@command("duplicates")
@click.argument("tenant")
@click.option("--review", is_flag=True, help="The pairs that are for people to judge, instead of the clusters that are certain.")
def duplicates(console: Console, tenant: str, review: bool) -> None:
    """Find customers that are one, by what their records say. Merges nobody: `kith refresh` does."""
    from kith_platform.cli.waiting import finished
    from kith_platform.duplicates import service
    from kith_platform.duplicates.jobs import KIND
    from kith_platform.jobs import service as jobs

    company = console.tenant(tenant)
    with console.runtime.doors.tenant_scope(company.id) as session:
        asked = jobs.ask(session, KIND, {}, dedupe_key=KIND)
    finished(console, company, asked)
    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        run = service.last_run(session)
        head: dict[str, Any] = {"tenant": company.slug, "records": run.records if run else 0}
        if review:
            pairs = [
                {**_told(said), "chance": round(chance, 4), "likeness": why} for said, chance, why in service.reviewed(session)
            ]
            console.answer({**head, "clusters": [one["external_ids"] for one in pairs], "review": pairs}, _words(pairs))
            return
        found = [_told(said) for said in service.clusters(session)]
        console.answer({**head, "clusters": [one["external_ids"] for one in found], "details": found}, _words(found))


def _told(said: list[Said]) -> dict[str, Any]:
    return {
        "external_ids": [one.external_id for one in said],
        "sources": [one.source for one in said],
        "merged": len({one.customer for one in said}) == 1,
    }


def _words(found: list[dict[str, Any]]) -> str:
    lines = [" = ".join(one["external_ids"]) + ("  (merged)" if one["merged"] else "") for one in found]
    return "\n".join(lines) or "No duplicates were found."


COMMANDS = (duplicates,)
