"""`kith forecast`."""

from __future__ import annotations

from typing import Any

import click

from kith_platform.cli.root import Console, command

SHOWN = 25


@command("forecast")
@click.argument("tenant")
@click.option("--product", "wanted", multiple=True, help="Only this product (number or name); may be given several times.")
@click.option("--limit", default=SHOWN, show_default=True, type=click.IntRange(1, 200), help="How many products, A first.")
@click.option("--make", is_flag=True, help="Forecast anew first, and wait for it.")
def forecast(console: Console, tenant: str, wanted: tuple[str, ...], limit: int, make: bool) -> None:
    """Print how much of each product will be asked for, and what to order by when."""
    from kith_platform.cli.waiting import finished
    from kith_platform.forecasts import service, words
    from kith_platform.forecasts.listing import document

    company = console.tenant(tenant)
    if make:
        with console.runtime.doors.tenant_scope(company.id) as session:
            asked = service.ask_forecasts(session, None)
        finished(console, company, asked)
    with console.runtime.doors.tenant_scope(company.id) as session:
        made, missing = service.run(session), service.missing(session)
        found = [service.of_typed(session, one) for one in wanted] or service.page(session, limit=limit).rows
        told = [document(one) for one in found]
    lines = [f"{one['number']} {one['name']} ({one['code']}): {_advice(one, company.currency)} {one['words']}" for one in told]
    answer = {
        "tenant": company.slug,
        "as_of": made.as_of.isoformat() if made else None,
        "missing": missing,
        "forecasts": [_plain(one) for one in told],
    }
    first = made.first_on.isoformat() if made and made.first_on else ""
    console.answer(answer, "\n".join(lines) or words.missing(missing, first, str))


def _advice(one: dict[str, Any], currency: str) -> str:
    card = one["advice"]
    if card is None or card.order_by is None:
        return "nothing to order."
    cost = "" if card.cost is None else f" for {card.cost:.0f} {currency}"
    return f"{card.quantity:.0f} by {card.order_by}{cost}, confidence {card.confidence}."


def _plain(value: Any) -> Any:
    """What JSON can say of a document."""
    from kith_platform.forecasts.schemas import DemandSchema

    return DemandSchema().dump(value)


COMMANDS = (forecast,)
