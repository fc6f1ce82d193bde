"""Metrics as a step of every refresh."""

from __future__ import annotations

from kith_platform.i18n import N_
from kith_platform.refresh.graph import SNAPSHOT, Turn, step


def _also(turn: Turn) -> str:
    """The modules that are on, as they are set, and the scores there are."""
    from kith_platform.metrics.service import state

    with turn.run.step() as session:
        return state(session, turn.run.runtime.plugins)


@step("metrics", inputs=(SNAPSHOT, "placements", "scores", "quality"), label=N_("Metrics"), also=_also)
def refresh_metrics(turn: Turn) -> None:
    """Values of this month and the 13 before."""
    from kith_platform.metrics.compute import refresh_values

    run = turn.run

    def told(done: int, total: int) -> None:
        run.check()
        run.progress(done, total, N_("Computing metrics"))

    refresh_values(run.runtime, run.tenant, turn.frames, run.step, today=turn.today, told=told)
