"""`kith placements`."""

from __future__ import annotations

from typing import Any

import click

from kith_platform.cli.root import Console, command


@command("placements")
@click.argument("tenant")
@click.option("--key", "wanted", multiple=True, help="Only this placement; may be given several times.")
def placements(console: Console, tenant: str, wanted: tuple[str, ...]) -> None:
    """Print where this company's customers stand: the codes of each placement, how many have them, and the limits behind."""
    from kith_platform.placements import history, service

    company = console.tenant(tenant)
    with console.runtime.doors.tenant_scope(company.id) as session:
        plugins = console.runtime.plugins
        found = [service.offered(session, plugins, key) for key in wanted] or service.catalogue(session, plugins)
        tracks = history.tracks(session)
        told = [_told(session, one.placement, tracks.get(one.placement.key)) for one in found]
    console.answer({"tenant": company.slug, "placements": told}, "\n".join(_line(one) for one in told))


def _told(session: Any, placement: Any, track: Any) -> dict[str, Any]:
    from kith_platform.placements import service

    limits = service.limits(session, placement.key)
    cells = service.codes(session, placement.key)
    return {
        "key": placement.key,
        "last_day": track.last_day.isoformat() if track else None,
        "limits": {"quarter": limits.quarter.isoformat(), **limits.limits} if limits else None,
        "codes": [{"code": one.code, "customers": one.customers, "mean": one.mean} for one in cells],
    }


def _line(one: dict[str, Any]) -> str:
    if one["last_day"] is None:
        return f"{one['key']}: not computed yet"
    codes = ", ".join(f"{cell['code'] or 'no code'} {cell['customers']}" for cell in one["codes"])
    return f"{one['key']} ({one['last_day']}): {codes}"


COMMANDS = (placements,)
