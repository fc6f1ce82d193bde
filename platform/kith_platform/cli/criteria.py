"""`kith criteria` and `kith scorecard`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from kith_platform.cli.root import Console, command


@command("criteria")
@click.argument("tenant")
@click.argument("act", type=click.Choice(["list", "sign", "withdraw"]), default="list")
@click.argument("key", required=False)
@click.option("--target", help="What is to be reached (sign).")
@click.option("--due", "due_on", help="By when, such as 2027-06-30 (sign).")
@click.option("--owner", help="E-mail address of the member who answers for it (sign).")
@click.option("--baseline-month", default="", help="The month whose stored value is the baseline, such as 2026-10 (sign).")
@click.option("--baseline", default="", help="The baseline by hand, with --reason (sign).")
@click.option("--reason", default="", help="Where a baseline by hand comes from (sign), or why it ends (withdraw).")
@click.option("--initiative", default="", help="External id of the initiative it belongs to.")
@click.option("--note", default="", help="Anything to remember (sign).")
def criteria(console: Console, tenant: str, act: str, key: str | None, **given: str | None) -> None:
    """List this company's success criteria, or sign or withdraw those of the metric KEY."""
    company = console.tenant(tenant)
    if act == "list":
        _list(console, company)
        return
    if not key:
        raise click.UsageError(f"Name the metric: kith criteria {tenant} {act} KEY")
    said = {name: value or "" for name, value in given.items()}
    if act == "sign":
        _sign(console, company, key, said)
    else:
        _withdraw(console, company, key, said)


def _list(console: Console, company: Any) -> None:
    from kith_platform.criteria import service
    from kith_platform.criteria.listing import documents

    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        rows, further = [], None
        while True:
            page = service.page(session, before=further)
            rows += documents(session, page[: service.PAGE])
            if len(page) <= service.PAGE:
                break
            further = page[service.PAGE - 1].public_id
    lines = [
        f"{row['key']}: {row['state']}, {row['baseline']:.6g} → {row['target']:.6g} by {row['due_on']}, {row['owner_name']}"
        for row in rows
    ]
    console.answer({"tenant": company.slug, "criteria": rows}, "\n".join(lines) or "Nothing is agreed yet.")


def _sign(console: Console, company: Any, key: str, given: dict[str, str]) -> None:
    from kith_platform.auth import members
    from kith_platform.auth.who import system
    from kith_platform.criteria import service
    from kith_platform.criteria.listing import documents

    with console.runtime.doors.tenant_scope(company.id) as session:
        wanted = given["owner"].strip().lower()
        owner = next((one.row.public_id for one in members.every(session, system()) if one.email.lower() == wanted), None)
        if owner is None:
            raise click.ClickException(f"{given['owner'] or 'Nobody'} is no member of {company.slug}: give --owner EMAIL.")
        asked = {
            **{name: given[name] for name in ("target", "due_on", "baseline_month", "baseline", "initiative", "note")},
            "key": key,
            "owner": str(owner),
            "baseline_reason": given["reason"],
        }
        with _told_by_field():
            row = service.sign(session, system(), service.draft(session, system(), console.runtime.plugins, asked))
        [document] = documents(session, [row])
    words = f"{key}: signed, version {document['version']}, {document['baseline']:.6g} → {document['target']:.6g}."
    console.answer({"criterion": document}, words)


def _withdraw(console: Console, company: Any, key: str, given: dict[str, str]) -> None:
    from kith_platform.auth.who import system
    from kith_platform.criteria import service
    from kith_platform.criteria.listing import documents

    with console.runtime.doors.tenant_scope(company.id) as session:
        rows = service.page(session, state="signed", key=key)
        row = next((one for one in rows if one.initiative == given["initiative"]), None)
        if row is None:
            raise click.ClickException(f"Nothing is signed for {key} in {company.slug}.")
        with _told_by_field():
            [document] = documents(session, [service.withdraw(session, system(), row, given["reason"])])
    console.answer({"criterion": document}, f"{key}: withdrawn.")


@contextmanager
def _told_by_field() -> Iterator[None]:
    """What does not fit, in words, on stderr."""
    from kith_platform.errors import Invalid

    try:
        yield
    except Invalid as error:
        raise click.ClickException(" ".join(one.text() for one in error.fields)) from None


@command("scorecard")
@click.argument("tenant")
@click.option("--period", "text", help="A month (2026-10); default: the newest that is over.")
def scorecard(console: Console, tenant: str, text: str | None) -> None:
    """Print this company's scorecards: each metric against what was agreed, and the indices."""
    from kith_platform.metrics.periods import of_text
    from kith_platform.scorecards import board_listing

    company = console.tenant(tenant)
    period = of_text(text) if text else None
    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        found = board_listing.document(session, console.runtime.plugins, period)
    console.answer({"tenant": company.slug, **found}, "\n".join(_line(one) for one in found["scorecards"]) or "No scorecard yet.")


def _line(one: dict[str, Any]) -> str:
    if one["value"] is None:
        return f"{one['metric']}: nothing is scored yet"
    state = " provisional," if one["provisional"] else ""
    return f"{one['metric']}: {one['value']:.4f},{state} {one['coverage']:.1%} of the weight has a score"


COMMANDS = (criteria, scorecard)
