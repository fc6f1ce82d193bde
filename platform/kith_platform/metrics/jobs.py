"""The job that computes a period which a refresh does not keep."""

from __future__ import annotations

import datetime as dt

from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job


@job("metrics.compute", queue="interactive", max_attempts=3, label=N_("Computing metrics"))
def compute(run: JobRun) -> None:
    """Arguments `start`, `end` (exclusive), `grain`, and `months`: so many up to the period's last are computed with it. Safe to
    begin again. Its result: how many values are new.
    """
    from kith_platform.metrics.now import compute_now
    from kith_platform.metrics.periods import months
    from kith_platform.sdk.types import Period

    def told(done: int, total: int) -> None:
        run.check()
        run.progress(done, total, N_("Computing metrics"))

    period = Period(dt.date.fromisoformat(run.args["start"]), dt.date.fromisoformat(run.args["end"]))
    written = compute_now(
        run.runtime,
        run.tenant,
        period,
        grain=run.args.get("grain", "tenant"),
        also=months(period.end - dt.timedelta(days=1), run.args.get("months", 0)),
        threads=run.threads,
        memory_mb=run.memory_mb,
        told=told,
        scope=run.step,
    )
    run.result({"values": written})
