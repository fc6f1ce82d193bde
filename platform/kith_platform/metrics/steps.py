"""Metrics as a step of every refresh."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select

from kith_platform.i18n import N_
from kith_platform.refresh.graph import SNAPSHOT, Turn, step


def _also(turn: Turn) -> str:
    """The modules that are on, as they are set, and the scores there are."""
    from kith_platform.modules import service as modules
    from kith_platform.predict.models import Score

    plugins = turn.run.runtime.plugins
    with turn.run.step() as session:
        on = sorted(modules.enabled(session, plugins))
        said = [(name, plugins[name].manifest.version, sorted(modules.settings_of(session, plugins, name).items())) for name in on]
        scores = session.execute(
            select(Score.task, func.max(Score.version), func.max(Score.as_of), func.count()).group_by(Score.task).order_by(Score.task)
        ).all()
    return hashlib.sha256(repr((said, [tuple(row) for row in scores])).encode()).hexdigest()


@step("metrics", inputs=(SNAPSHOT,), label=N_("Metrics"), also=_also)
def refresh_metrics(turn: Turn) -> None:
    """Values of this month and the 13 before."""
    from kith_platform.metrics.compute import refresh_values

    run = turn.run

    def told(done: int, total: int) -> None:
        run.check()
        run.progress(done, total, N_("Computing metrics"))

    refresh_values(run.runtime, run.tenant, turn.frames, run.step, today=turn.today, told=told)
