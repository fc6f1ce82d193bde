"""Making all forecasts anew: for companies of many products, or because somebody asked."""

from __future__ import annotations

from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job


@job("forecasts.make", queue="train", max_attempts=3, label=N_("Forecasting demand"))
def make_forecasts(run: JobRun) -> None:
    """One snapshot, every series. Safe to begin again: the rows are replaced in one transaction at the end."""
    from kith_platform.forecasts import make, store
    from kith_platform.forecasts.series import read
    from kith_platform.forecasts.steps import SEED
    from kith_platform.frames import open_frames
    from kith_platform.snapshots import service as snapshots

    def tell(done: int, of: int) -> None:
        run.check()
        run.progress(done, of, N_("Forecasting demand"))

    run.progress(0, None, N_("Reading the company's data"))
    manifest = snapshots.take(run.runtime, run.tenant.id)
    with open_frames(run.runtime, run.tenant, manifest, threads=run.threads, memory_mb=run.memory_mb) as frames:
        sales = read(frames, frames.last_day)
    rows = make.forecasts(sales, seed=SEED, threads=run.threads, tell=tell) if sales.products.size else []
    better = sum(row["reason"] == "better" for row in rows)
    run.result({"series": len(rows), "better": better, "as_of": sales.as_of.isoformat()})
    with run.step(last=True) as session:
        store.keep(session, rows, sales, make.fingerprint(sales))
