"""Looking for duplicates on demand. Merging by itself belongs to the refresh."""

from __future__ import annotations

from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job

KIND = "duplicates.find"


@job(KIND, queue="default", max_attempts=3, label=N_("Looking for duplicates"))
def look(run: JobRun) -> None:
    """Result: `found`, whether anything was compared anew. Changes no customer."""
    from kith_platform.duplicates.finding import find

    def told(done: int, total: int) -> None:
        run.check()
        run.progress(done, total, N_("Comparing customers"))

    found = find(run, told)
    run.result({"compared": found is not None})
    with run.step(last=True):
        pass
