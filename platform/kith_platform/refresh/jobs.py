"""The refresh job: a snapshot, then the steps whose inputs changed, again as long as somebody wished for one meanwhile."""

from __future__ import annotations

from contextlib import closing

from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job
from kith_tenants import statistics


class _Again(Exception):
    """A refresh was asked for after this one had read its snapshot."""


@job("refresh.run", queue="default", max_attempts=5, label=N_("Refreshing results"))
def refresh(run: JobRun) -> None:
    """Safe to begin again: a step whose marks were kept is skipped. Its result: snapshot, read_at, steps (name, state)."""
    from kith_platform.refresh.graph import load_all

    load_all()
    while not _round(run):
        pass


def _round(run: JobRun) -> bool:
    """One snapshot and what follows from it; whether that was all anybody wished for."""
    from kith_platform.refresh import service
    from kith_platform.refresh.graph import STEPS, Turn
    from kith_platform.snapshots import service as snapshots

    def told(done: int, total: int, _table: str) -> None:
        run.check()
        run.progress(done, total, N_("Reading the company's data"))

    with run.step() as session:
        wishes = service.wished(session)
    manifest = snapshots.take(run.runtime, run.tenant.id, full=wishes.is_full, told=told)
    with closing(Turn(run, manifest)) as turn:
        steps = service.go(turn, STEPS, full=wishes.is_full)
        manifest = turn.manifest
    if any(step["state"] == "done" for step in steps):
        with run.step() as session:
            statistics.learn(session)
    run.result({"snapshot": manifest.public_id.hex, "read_at": manifest.read_at.isoformat(), "steps": steps})
    try:
        with run.step(last=True) as session:
            if not service.settle(session, wishes):
                raise _Again
    except _Again:
        with run.step() as session:
            service.settle(session, wishes)
        return False
    return True
