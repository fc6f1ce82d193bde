"""Placements as a step of every refresh: what each enabled module computes for all customers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kith_platform.calendar import service as calendar
from kith_platform.i18n import N_
from kith_platform.placements import service
from kith_platform.placements.service import Offered
from kith_platform.refresh.graph import SNAPSHOT, Turn, step

if TYPE_CHECKING:
    from kith_platform.placements.turns import Placed


def _also(turn: Turn) -> str:
    """The modules that bring placements, as they are set, and the days on which the company is closed."""
    plugins = turn.run.runtime.plugins
    with turn.run.step() as session:
        found = service.catalogue(session, plugins)
        shut = [one.day for one in calendar.closed_days(session)]
    told = [(one.placement.key, plugins[one.plugin].manifest.version, sorted(one.settings.items())) for one in found]
    return repr((told, shut))


@step("placements", inputs=(SNAPSHOT, "identity"), label=N_("Placing customers"), version=4, also=_also)
def refresh_placements(turn: Turn) -> None:
    """Each placement in a transaction of its own; one that fails keeps what it had."""
    from kith_platform.placements import histories, history, store, turns

    run = turn.run
    with run.step() as session:
        found = [one for one in service.catalogue(session, run.runtime.plugins) if _possible(turn, one)]
        tracks = history.tracks(session)
        open_days = calendar.of_tenant(session)
        limits = {one.placement.key: store.frozen(session, one.placement.key) for one in found}
    if not found:
        return
    with turn.frames.keeping() as keep:
        bought = histories.histories(turn.frames, keep)
        first, day = turns.first_purchase(turn, bought), turn.frames.last_day
        before = store.stored(run.runtime, run.tenant, [one.placement for one in found if one.placement.key in tracks])
        places = []
        for one in found:
            key = one.placement.key
            track = tracks.get(key)
            days = turns.days_of(one.placement, track, day, turn.today, first)
            places.append(turns.Placed(one, track, before.get(key), days, dict(limits[key])))

        def told(done: int, total: int) -> None:
            run.check()
            run.progress(done, total, N_("Placing customers"))

        turns.Round(turn, places, bought, open_days).go(told)
    for place in places:
        if not place.failed and place.before is not None:
            _store(turn, place)


def _store(turn: Turn, place: Placed) -> None:
    from kith_platform.placements import durations, rows, store

    assert place.before is not None  # noqa: S101 - a placement that did not fail has rows
    with turn.run.step() as session:
        store.remember(session, place.moves)
        if place.placement.by_month:
            place.figures[durations.STAY.key] = durations.stays(session, place.placement, place.days[-1].day)
        store.keep(session, place.placement, rows.kept(place.placement, place.before))
        first = place.days[0].day if place.track is None else place.track.first_day
        store.note(session, place.placement.key, first, place.days[-1].day, place.month_end, place.figures, place.frozen)


def _possible(turn: Turn, one: Offered) -> bool:
    return all(any(_any(turn, plural) for plural in need.split("|")) for need in one.placement.needs)


def _any(turn: Turn, plural: str) -> bool:
    table = turn.manifest.tables.get(turn.run.runtime.facts.by_plural(plural).name)
    return table is not None and table.rows > 0
