"""A period's values from the newest snapshot, computed at once: for the job and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from kith_platform.frames import open_frames
from kith_platform.jobs import resources
from kith_platform.metrics.compute import Scope, Told, period_values
from kith_platform.metrics.grains import TENANT
from kith_platform.metrics.periods import month
from kith_platform.runtime import Runtime
from kith_platform.sdk.types import Period
from kith_platform.snapshots import service as snapshots
from kith_platform.snapshots.manifest import Manifest
from kith_tenants.tenant import TenantContext


def compute_now(
    runtime: Runtime,
    tenant: TenantContext,
    *asked: Period,
    grain: str = TENANT,
    also: Sequence[Period] = (),
    told: Told,
    scope: Scope | None = None,
    threads: int = 0,
    memory_mb: int = 0,
) -> int:
    """Compute and keep periods (none: the month of the last day the data cover) with what they are compared with, and those of
    `also` without. How many values are new or different.
    """
    manifest = newest(runtime, tenant)
    today = manifest.read_at.astimezone(ZoneInfo(manifest.timezone)).date()
    begun = scope or (lambda: runtime.doors.tenant_scope(tenant.id))
    opened = open_frames(runtime, tenant, manifest, threads=threads, memory_mb=memory_mb)
    with resources.seldom_collecting(), opened as frames:
        wanted = asked or (month(frames.last_day),)
        return period_values(runtime, tenant, frames, begun, wanted, grain, also=also, today=today, told=told)


def newest(runtime: Runtime, tenant: TenantContext) -> Manifest:
    """The newest snapshot; where there is none, the first is taken."""
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        found = snapshots.latest(session)
    return found or snapshots.take(runtime, tenant.id)
