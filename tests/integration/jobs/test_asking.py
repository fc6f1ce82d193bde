"""Asking for jobs, and what becomes of the row."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from kith_platform.jobs import child
from kith_platform.jobs import service as jobs
from kith_platform.jobs.declared import JobRun, job
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext


@job("test.greet")
def greet(run: JobRun) -> None:
    run.progress(1, 1, "greeted %(who)s", who=run.args["who"])
    run.result({"greeting": f"Hello {run.args['who']}"})


def test_greet(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        asked = jobs.ask(session, "test.greet", {"who": "Ada"})
    assert child.run_job(runtime, tenant.id, asked.id, unrouted=True)
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.get_one(Job, (tenant.id, asked.id))
        assert (row.state, row.result, row.progress_done, row.error) == ("done", {"greeting": "Hello Ada"}, 1, "")
