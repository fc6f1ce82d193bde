"""`kith attributes`."""

from __future__ import annotations

from typing import Any

import click

from kith_platform.cli.root import Console, command


@command("attributes")
@click.argument("tenant")
@click.argument("act", type=click.Choice(["list", "columns", "keep", "remove"]), default="list")
@click.argument("name", required=False)
@click.option("--source", default="file", show_default=True, help="The source whose files have the column (keep).")
@click.option("--kind", type=click.Choice(["text", "number", "boolean", "date", "choice"]), help="Else the guess (keep).")
@click.option("--timing", type=click.Choice(["fixed", "dated", "current"]), help="Else the guess (keep).")
@click.option("--sensitive/--not-sensitive", default=None, help="Else the guess (keep).")
@click.option("--label", default="", help="What to call it; else the column's name (keep).")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until values are filled in (keep).")
def attributes(console: Console, tenant: str, act: str, name: str | None, **given: Any) -> None:
    """List a company's attributes, the columns that could become one, keep the column NAME as one, or remove the attribute
    with the key NAME."""
    company = console.tenant(tenant)
    if act in ("keep", "remove") and not name:
        raise click.UsageError(f"Give the name: kith attributes {tenant} {act} NAME")
    if act == "keep":
        _keep(console, company, str(name), given)
    elif act == "remove":
        _remove(console, company, str(name))
    else:
        {"list": _list, "columns": _columns}[act](console, company)


def _list(console: Console, company: Any) -> None:
    from kith_platform.attributes import service

    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        rows = [_document(row) for row in service.listed(session)]
    lines = [f"{row['key']}: {row['label']}, {row['kind']}, {row['timing']}, {row['filled']} customers" for row in rows]
    console.answer({"tenant": company.slug, "attributes": rows}, "\n".join(lines) or "There are no attributes yet.")


def _columns(console: Console, company: Any) -> None:
    from kith_platform.attributes import columns

    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        found = columns.seen(session)
    rows = [
        {
            "source": one.source,
            "column": one.column,
            "share": round(one.share, 4),
            "kind": one.guess.kind,
            "timing": one.guess.timing,
        }
        for one in found
    ]
    lines = [f"{row['source']}: {row['column']}, {row['kind']}, {row['share']:.0%} filled" for row in rows]
    console.answer({"tenant": company.slug, "columns": rows}, "\n".join(lines) or "Every imported column has its place.")


def _keep(console: Console, company: Any, name: str, given: dict[str, Any]) -> None:
    from dataclasses import replace

    from sqlalchemy import select

    from kith_platform.attributes import columns, service
    from kith_platform.auth.permissions import OWNER, of_role
    from kith_platform.cli.waiting import finished
    from kith_platform.jobs.models import Job
    from kith_tenants.context import Actor

    operator = Actor(None, None, "kith", OWNER, of_role(OWNER))
    with console.runtime.doors.tenant_scope(company.id) as session:
        found = columns.seen(session)
        offer = next((one.guess for one in found if (one.source, one.column) == (given["source"], name)), None)
        if offer is None:
            known = ", ".join(f"{one.source}: {one.column}" for one in found) or "none"
            raise click.ClickException(
                f"There is no column '{name}' of the source '{given['source']}' to keep. There are: {known}."
            )
        said = {key: given[key] for key in ("kind", "timing", "sensitive", "label") if given[key] not in (None, "")}
        if said.get("kind", offer.kind) != offer.kind:
            said["columns"] = (columns.column(session, given["source"], name, said["kind"]),)
        row = service.keep(session, operator, replace(offer, **said))
        newest = select(Job).where(Job.kind == "attributes.fill").order_by(Job.id.desc()).limit(1)
        job = session.execute(newest).scalar_one()
    if given["wait"]:
        finished(console, company, job)
    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        document = _document(service.get(session, row.key))
    console.answer({"attribute": document}, f"{document['label']} ({document['key']}): {document['filled']} customers have one.")


def _remove(console: Console, company: Any, name: str) -> None:
    from kith_platform.attributes import service
    from kith_platform.auth.permissions import OWNER, of_role
    from kith_tenants.context import Actor

    operator = Actor(None, None, "kith", OWNER, of_role(OWNER))
    with console.runtime.doors.tenant_scope(company.id) as session:
        row = service.get(session, name)
        service.remove(session, operator, row)
    console.answer({"removed": name}, f"{name} is removed.")


def _document(row: Any) -> dict[str, Any]:
    names = ("key", "label", "kind", "timing", "sensitive", "in_models", "choices", "columns", "filled", "misfits")
    return {name: getattr(row, name) for name in names}


COMMANDS = (attributes,)
