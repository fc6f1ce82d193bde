"""A tenant with nothing new: its refresh must do no work."""

from __future__ import annotations

from rows import Row, Skipped, say, seconds, size
from site_ import analyse, company, fill_customers, fill_orders, site

from kith_platform.jobs import child
from kith_platform.jobs.declared import load_all
from kith_platform.jobs.models import Job
from kith_platform.modules import service as modules
from kith_platform.refresh import service
from kith_platform.runtime import Runtime
from kith_platform.snapshots import service as snapshots
from kith_tenants.tenant import TenantContext


def refresh(runtime: Runtime, tenant: TenantContext) -> dict[str, str]:
    """State of each step."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        asked = service.ask_refresh(session)
    child.run_job(runtime, tenant.id, asked.id, unrouted=True)
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = session.get_one(Job, (tenant.id, asked.id))
        if row.state != "done":
            raise Skipped(f"the refresh ended {row.state}: {row.error}")
        return {step["name"]: step["state"] for step in (row.result or {})["steps"]}


def generation(runtime: Runtime, tenant: TenantContext) -> int:
    with runtime.doors.tenant_scope(tenant.id) as session:
        found = snapshots.latest(session)
        return found.generation if found else 0


def measure() -> list[Row]:
    load_all()
    with site() as runtime:
        tenant = company(runtime)
        with runtime.doors.tenant_scope(tenant.id) as session:
            modules.enable_defaults(session, runtime.plugins, "")
        fill_customers(runtime, tenant.id, size(100_000))
        fill_orders(runtime, tenant.id, size(1_000_000))
        analyse(runtime)
        say("refreshing once, and again with nothing new")
        first: dict[str, str] = {}
        took = seconds(lambda: first.update(refresh(runtime, tenant)))
        before, again = generation(runtime, tenant), dict[str, str]()
        idle = seconds(lambda: again.update(refresh(runtime, tenant)))
        worked = sum(state != "skipped" for state in again.values()) + generation(runtime, tenant) - before
    say(f"the first refresh took {took:.2f} s for {', '.join(first)}, the idle one {idle:.2f} s")
    return [
        Row(
            name="refresh of a tenant with nothing new, pieces of work", value=worked, unit="", budget="no work", met=worked == 0
        ),
    ]
