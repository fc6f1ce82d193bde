"""Forecasts as a step of every refresh. A company of many products gets a job of its own, so that refreshes stay short."""

from __future__ import annotations

from kith_platform.i18n import N_
from kith_platform.refresh.graph import SNAPSHOT, Turn, step

AT_ONCE = 400  # series that take about a second
SEED = 1


@step("forecasts", inputs=(SNAPSHOT,), label=N_("Forecasting demand"))
def refresh_forecasts(turn: Turn) -> str | None:
    """Nothing where nothing was sold, or sold otherwise, since the last time. Gives what the forecasts were made of."""
    from kith_platform.forecasts import make, service, store
    from kith_platform.forecasts.series import read

    run, held = turn.run, turn.manifest.tables.get("order_line")
    if held is None or not held.rows:
        with run.step() as session:
            store.forget(session)  # what was imported may have been undone
        return ""
    sales = read(turn.frames, turn.frames.last_day)
    mark = make.fingerprint(sales)
    with run.step() as session:
        if store.made_of(session) == mark:
            return mark
        if sales.products.size > AT_ONCE:
            service.ask(session)
            return None
    rows = make.forecasts(sales, seed=SEED, threads=run.threads)
    with run.step() as session:
        store.keep(session, rows, sales, mark)
    return mark
