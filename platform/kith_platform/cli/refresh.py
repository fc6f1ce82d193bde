"""`kith refresh`."""

from __future__ import annotations

import click

from kith_platform.cli.root import Console, command


@command("refresh")
@click.argument("tenant")
@click.option("--full", is_flag=True, help="Read everything anew and run every step.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it is done.")
def refresh(console: Console, tenant: str, full: bool, wait: bool) -> None:
    """Bring this company's snapshot and results up to date. What did not change is not computed again."""
    from kith_platform.cli.waiting import finished
    from kith_platform.refresh import service

    company = console.tenant(tenant)
    with console.runtime.doors.tenant_scope(company.id) as session:
        asked = service.ask_refresh(session, full=full)
    if not wait:
        console.answer({"job": asked.public_id.hex, "state": asked.state}, f"Asked for: job {asked.public_id.hex}.")
        return
    result = finished(console, company, asked)
    lines = [f"{step['name']}: {step['state']}" for step in result["steps"]]
    console.answer(result, "\n".join([f"snapshot {result['snapshot']}, read at {result['read_at']}", *lines]))


COMMANDS = (refresh,)
