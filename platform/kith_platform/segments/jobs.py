"""The job that counts a segment's members when somebody made or changed it."""

from __future__ import annotations

import uuid
from contextlib import closing

from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job


@job("segments.fill", queue="default", max_attempts=3, label=N_("Counting a segment"))
def fill(run: JobRun) -> None:
    """Its result: segments, each with how it was counted, its size, and who came and left. Safe to begin again."""
    from kith_platform.refresh.graph import Turn
    from kith_platform.segments import rebuilding
    from kith_platform.snapshots import service as snapshots

    with run.step() as session:
        manifest = snapshots.latest(session)
    manifest = manifest or snapshots.take(run.runtime, run.tenant.id)
    with closing(Turn(run, manifest)) as turn:
        told = rebuilding.rebuild(turn, [uuid.UUID(run.args["segment"])])
    run.result({"segments": told})
    with run.step(last=True):
        pass
