"""Placements as a step of every refresh: what each enabled module computes for all customers at once."""

from __future__ import annotations

import structlog

from kith_platform.guard import PluginFailed
from kith_platform.i18n import N_
from kith_platform.placements import service
from kith_platform.placements.service import Offered
from kith_platform.refresh.graph import SNAPSHOT, Turn, step
from kith_platform.sdk.types import Buying, PlacementScope

log = structlog.get_logger(__name__)


def _also(turn: Turn) -> str:
    """The modules that bring placements, as they are set."""
    plugins = turn.run.runtime.plugins
    with turn.run.step() as session:
        found = service.catalogue(session, plugins)
    return repr([(one.placement.key, plugins[one.plugin].manifest.version, sorted(one.settings.items())) for one in found])


@step("placements", inputs=(SNAPSHOT,), label=N_("Placing customers"), also=_also)
def refresh_placements(turn: Turn) -> None:
    """Each placement in a transaction of its own; one that fails keeps what it had."""
    from kith_platform.metrics.buying import buying

    run, frames = turn.run, turn.frames
    with run.step() as session:
        found = [one for one in service.catalogue(session, run.runtime.plugins) if _possible(turn, one)]
    if not found:
        return
    bought = buying(frames, frames.last_day)
    for number, one in enumerate(found):
        run.check()
        run.progress(number, len(found), N_("Placing customers"))
        _place(turn, one, bought)


def _possible(turn: Turn, one: Offered) -> bool:
    tables, facts = turn.manifest.tables, turn.run.runtime.facts
    return all((table := tables.get(facts.by_plural(plural).name)) and table.rows for plural in one.placement.needs)


def _place(turn: Turn, one: Offered, bought: Buying) -> None:
    run, placement, day = turn.run, one.placement, turn.frames.last_day
    tables = turn.frames.at(day)
    scope = PlacementScope(tables=tables, day=day, tenant=run.tenant, settings=one.settings, buying=bought)
    names = ["customer_id", *(column.name for column in placement.columns)]
    try:
        rows = run.runtime.plugins.call(
            one.plugin,
            run.tenant.id,
            f"placement {placement.key}",
            lambda: tables.run(placement.compute(scope).select(*names)),
        )
    except PluginFailed as failed:
        log.warning("a placement keeps its old values", tenant=run.tenant.id, placement=placement.key, reason=str(failed))
        return
    with run.step() as session:
        service.keep(session, placement, rows)
