"""Waiting for a job on the command line: progress in words on stderr, its result or a clear error at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kith_platform.cli.root import Console
from kith_platform.errors import KithError, fill
from kith_platform.i18n import N_

if TYPE_CHECKING:
    from kith_tenants.tenant import TenantContext


class JobFailed(KithError):
    """A job that a command waited for did not finish."""

    code = "job_failed"
    default = N_("%(kind)s: %(error)s")


def finished(console: Console, tenant: TenantContext, asked: Any) -> dict[str, Any]:
    """Wait for the job; its result. Raises JobFailed with the job's own words."""
    from kith_platform.jobs import service as jobs

    told: list[str] = []

    def tell(row: Any) -> None:
        words = fill(row.progress_message or "", row.progress_params or {})
        share = f" {100 * row.progress_done // row.progress_total} %" if row.progress_total else ""
        if words and told != [words + share]:
            told[:] = [words + share]
            console.say(f"  {words}{share}")

    row = jobs.wait(console.runtime, tenant.id, asked.id, on_progress=tell)
    if row.state != "done":
        raise JobFailed(kind=row.kind, error=fill(row.error or row.state, row.error_params or {}))
    return dict(row.result or {})
