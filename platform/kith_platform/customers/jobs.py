"""The job after an erasure: files that were derived from the company's rows are written anew without the person."""

from __future__ import annotations

from contextlib import closing

from kith_platform.customers.erasure import JOB
from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job


@job(JOB, queue="default", max_attempts=5, label=N_("Rewriting files after an erasure"))
def rewrite_files(run: JobRun) -> None:
    """Writes the whole snapshot, drops all older ones, draws the segments' sample again and
    forgets what scores were made of. Safe to begin again."""
    from kith_platform.predict import explain
    from kith_platform.refresh.graph import Turn
    from kith_platform.segments import sample
    from kith_platform.snapshots import service as snapshots

    def told(done: int, total: int, _table: str) -> None:
        run.check()
        run.progress(done, total, N_("Rewriting files after an erasure"))

    with closing(Turn(run, snapshots.take(run.runtime, run.tenant.id, full=True, told=told))) as turn:
        sample.again(turn)
    explain.forget(run.runtime.blobs.of(run.tenant.id))
    with run.step(last=True):
        pass
