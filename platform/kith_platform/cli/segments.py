"""`kith segments`."""

from __future__ import annotations

import csv
import json
from typing import Any

import click

from kith_platform.cli.root import Console, command


@command("segments")
@click.argument("tenant")
@click.argument("act", type=click.Choice(["list", "create", "members"]), default="list")
@click.argument("name", required=False)
@click.option("--rule", "rule_file", type=click.File("r", encoding="utf-8"), help="The rule as JSON (create).")
@click.option("--static", is_flag=True, help="Keep whom it finds now (create).")
@click.option("--about", default="", help="What it is for (create).")
@click.option("--csv", "csv_file", type=click.File("w", encoding="utf-8"), help="Write the members to this file (members).")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the members are counted (create).")
def segments(console: Console, tenant: str, act: str, name: str | None, **given: Any) -> None:
    """List this company's segments, make one called NAME of a rule, or print the members of NAME."""
    company = console.tenant(tenant)
    if act == "list":
        _list(console, company)
        return
    if not name:
        raise click.UsageError(f"Give the segment's name: kith segments {tenant} {act} NAME")
    if act == "create":
        _create(console, company, name, given)
    else:
        _members(console, company, name, given["csv_file"])


def _list(console: Console, company: Any) -> None:
    from kith_platform.segments import service

    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        rows = [_document(row) for row in service.listed(session)]
    lines = [f"{row['name']}: {row['size']} customers, {row['state']}, as of {row['as_of'] or '–'}" for row in rows]
    console.answer({"tenant": company.slug, "segments": rows}, "\n".join(lines) or "There are no segments yet.")


def _create(console: Console, company: Any, name: str, given: dict[str, Any]) -> None:
    from kith_platform.auth.permissions import OWNER, of_role
    from kith_platform.cli.waiting import finished
    from kith_platform.segments import service, vocabulary
    from kith_tenants.context import Actor

    if given["rule_file"] is None:
        raise click.UsageError("Give the rule: --rule FILE")
    try:
        rule = json.load(given["rule_file"])
    except ValueError as error:
        raise click.ClickException(f"{given['rule_file'].name} is not JSON: {error}") from None
    runtime = console.runtime
    operator = Actor(None, None, "kith", OWNER, of_role(OWNER))
    asked = {"name": name, "about": given["about"], "dynamic": not given["static"], "rule": rule}
    with runtime.doors.tenant_scope(company.id) as session:
        words = vocabulary.of_company(session, runtime.facts, runtime.plugins)
        row = service.create(session, operator, asked, words)
        job = service.ask(session, row)
    if given["wait"]:
        finished(console, company, job)
    with runtime.doors.tenant_scope(company.id, read_only=True) as session:
        document = _document(service.get(session, row.public_id))
    console.answer({"segment": document}, f"{name}: {document['size']} customers, {document['state']}.")


def _members(console: Console, company: Any, name: str, file: Any) -> None:
    from kith_platform.auth.permissions import OWNER, of_role
    from kith_platform.segments import export, service
    from kith_tenants.context import Actor

    operator = Actor(None, None, "kith", OWNER, of_role(OWNER))
    with console.runtime.doors.tenant_scope(company.id) as session:
        row = service.named(session, name)
        export.allow(session, operator, row)
    own = export.attributes(console.runtime, company.id, operator)
    head = (*export.HEAD, *(one.label for one in own))
    found = export.rows(console.runtime, company.id, operator, row.id, own)
    if file is None:
        members = [dict(zip(head, one, strict=True)) for one in found]
        words = "\n".join(f"{one['customer_id']} ({one['source']}) {one['name']}" for one in members)
        console.answer({"segment": name, "size": len(members), "members": members}, words)
        return
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    written = 0
    for one in found:
        writer.writerow(one)
        written += 1
    console.answer({"segment": name, "size": written, "file": file.name}, f"{written} customers written to {file.name}.")


def _document(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id.hex,
        "name": row.name,
        "about": row.about,
        "dynamic": row.dynamic,
        "rule": row.rule,
        "state": row.state,
        "size": row.size,
        "as_of": row.as_of.isoformat() if row.as_of else None,
        "seconds": row.seconds,
    }


COMMANDS = (segments,)
