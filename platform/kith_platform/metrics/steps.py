"""Metrics as steps of every refresh: those of facts and scores, then the indices above them."""

from __future__ import annotations

from kith_platform.i18n import N_
from kith_platform.refresh.graph import SNAPSHOT, Turn, step


def _measured(turn: Turn) -> str:
    """The modules that are on, as they are set, and the scores there are."""
    from kith_platform.metrics.service import measured_state

    with turn.run.step() as session:
        return measured_state(session, turn.run.runtime.plugins)


def _agreed(turn: Turn) -> str:
    """The criteria that are signed."""
    from kith_platform.metrics.service import agreed_state

    with turn.run.step() as session:
        return agreed_state(session)


@step("metrics", inputs=(SNAPSHOT, "placements", "scores", "quality"), label=N_("Metrics"), also=_measured)
def refresh_metrics(turn: Turn) -> None:
    """Values of this month and the 13 before."""
    from kith_platform.metrics.compute import refresh_values

    run = turn.run

    def told(done: int, total: int) -> None:
        run.check()
        run.progress(done, total, N_("Computing metrics"))

    refresh_values(run.runtime, run.tenant, turn.frames, run.step, today=turn.today, told=told)


@step("indices", inputs=("metrics",), label=N_("Indices"), also=_agreed)
def refresh_index_values(turn: Turn) -> None:
    """Values of the same months; a criterion that is signed changes these alone."""
    from kith_platform.metrics.compute import refresh_indices

    run = turn.run
    refresh_indices(run.runtime, run.tenant, turn.frames, run.step, today=turn.today)
