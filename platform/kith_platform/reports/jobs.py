"""The job that prints a report."""

from __future__ import annotations

import datetime as dt

from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job


@job("reports.print", queue="interactive", max_attempts=2, label=N_("Printing a report"))
def print_report(run: JobRun) -> None:
    """Arguments `start`, `end` (exclusive) and `language`. Safe to begin again. Its result: the size of the file."""
    from kith_platform.reports import files, paper, service
    from kith_platform.reports.reader import Reader
    from kith_platform.reports.wording import written
    from kith_platform.sdk.types import Period

    period = Period(dt.date.fromisoformat(run.args["start"]), dt.date.fromisoformat(run.args["end"]))
    with run.step() as session:
        report = service.read(session, run.runtime.plugins, run.tenant, period)
    reader = Reader(run.args["language"], run.tenant.currency, run.tenant.timezone, run.runtime.facts)
    told = written(report, reader)
    made = paper.pdf(told, paper.chromium(run.runtime.settings.chromium))
    run.check()
    files.keep(run.runtime.blobs.of(run.tenant.id), report, told, made)
    run.result({"bytes": len(made)})
