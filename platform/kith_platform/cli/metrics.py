"""`kith metrics`."""

from __future__ import annotations

from typing import Any

import click

from kith_platform.cli.root import Console, command

GRAINS = ["tenant", "customer", "segment", "rep", "channel", "product", "unit", "initiative", "supplier", "partner", "source"]


@command("metrics")
@click.argument("tenant")
@click.option(
    "--period",
    "text",
    help="2026-10, 2026-Q3, 2026, 2026-W41, 2026-10-05 or 2026-10-01..2026-10-15; default: the newest month.",
)
@click.option("--key", "keys", multiple=True, help="Only this metric; may be given several times.")
@click.option("--grain", type=click.Choice(GRAINS), default="tenant", show_default=True, help="Of what.")
def metrics(console: Console, tenant: str, text: str | None, keys: tuple[str, ...], grain: str) -> None:
    """Print the values of this company's metrics; a missing value is null, with its reason."""
    from kith_platform.metrics import listing
    from kith_platform.metrics.periods import of_text

    company = console.tenant(tenant)
    period = of_text(text) if text else None
    found = listing.current(console.runtime, company, period, keys, grain, say=console.say)
    document = {"tenant": company.slug, "grain": grain, **found}
    console.answer(document, "\n".join(_line(one) for one in found["metrics"]))


def _line(one: dict[str, Any]) -> str:
    whose = f"{one['of']['name'] or one['of']['id']}: " if "of" in one else ""
    return whose + _value(one)


def _value(one: dict[str, Any]) -> str:
    if one["value"] is None:
        return f"{one['key']}: no data ({one['reason']})"
    flags = f" [{', '.join(one['flags'])}]" if one["flags"] else ""
    between = f" ({one['low']:.6g} to {one['high']:.6g})" if one["low"] is not None else ""
    return f"{one['key']}: {one['value']:.6g} {one['unit']}{between}{flags}"


COMMANDS = (metrics,)
