"""`kith report`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kith_platform.cli.root import Console, command

if TYPE_CHECKING:
    from kith_platform.reports.reader import Reader
    from kith_platform.reports.report import Report
    from kith_platform.reports.wording import Written
    from kith_tenants.tenant import TenantContext


@command("report")
@click.argument("tenant")
@click.option("--from", "first", default="", help="First day, 2026-10-01; default: the newest month that is over.")
@click.option("--to", "last", default="", help="Last day, counted in.")
@click.option("--format", "kind", type=click.Choice(["json", "xlsx", "pdf"]), default="json", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write; xlsx and pdf need one.")
@click.option("--products", is_flag=True, help="Look at each product too, which takes longer.")
@click.option("--language", type=click.Choice(["en", "zh_Hans", "zh_Hant"]), help="Default: the company's.")
def report(
    console: Console, tenant: str, first: str, last: str, kind: str, out: Path | None, products: bool, language: str | None
) -> None:
    """Make the recommendation report: what changed, what it means, what to do, by whom and by when."""
    if kind != "json" and out is None:
        raise click.UsageError("Name the file to write with --out.")
    from kith_platform.reports.reader import Reader
    from kith_platform.reports.wording import document, written

    company = console.tenant(tenant)
    found = _report(console, company, first, last, by_product=products)
    reader = Reader(language or company.language, company.currency, company.timezone, console.runtime.facts)
    told = written(found, reader)
    answer: dict[str, Any] = {"tenant": company.slug, **document(found, told)}
    if out is None:
        console.answer(answer, _words(told))
        return
    out.write_bytes(_file(console, kind, found, told, reader, answer))
    about = {name: answer[name] for name in ("tenant", "from", "to", "snapshot")}
    console.answer({**about, "file": str(out), "findings": len(found.findings)}, f"{out}: {told.summary}")


def _report(console: Console, company: TenantContext, first: str, last: str, *, by_product: bool) -> Report:
    """The report, its metrics computed first where the newest snapshot was not asked for the period yet."""
    from kith_platform.metrics import listing, store
    from kith_platform.metrics.grains import PRODUCT
    from kith_platform.metrics.now import compute_now
    from kith_platform.reports import service

    doors = console.runtime.doors
    with doors.tenant_scope(company.id, read_only=True) as session:
        period = service.period_of(session, first, last)
    listing.current(console.runtime, company, period, say=console.say)
    with doors.tenant_scope(company.id, read_only=True) as session:
        chosen = period or service.period_of(session, "", "")
        if chosen is None:
            raise click.ClickException("There are no numbers yet. Import customers and orders first.")
        seen = store.noted(session, chosen, PRODUCT) is not None
    if by_product and not seen:
        compute_now(console.runtime, company, chosen, grain=PRODUCT, told=lambda _done, _total: None)
    with doors.tenant_scope(company.id, read_only=True) as session:
        return service.read(session, console.runtime.plugins, company, chosen)


def _file(console: Console, kind: str, found: Report, told: Written, reader: Reader, answer: dict[str, Any]) -> bytes:
    from kith_platform.reports import paper, sheets

    if kind == "pdf":
        return paper.pdf(told, paper.chromium(console.settings.chromium))
    if kind == "xlsx":
        return sheets.book(found, told, reader)
    return json.dumps(answer, ensure_ascii=False, indent=1, default=str).encode()


def _words(told: Written) -> str:
    lines = [f"{told.title}: {told.company}, {told.period}", told.summary]
    for title, findings in told.sections:
        lines += [
            f"\n{title}",
            *(f"- {one.name}: {one.what} {' '.join(one.so)} → {one.do} ({one.owner}, {one.due})" for one in findings),
        ]
    return "\n".join([*lines, "", told.as_of])


COMMANDS = (report,)
