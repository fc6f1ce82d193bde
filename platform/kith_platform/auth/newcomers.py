"""What a new company starts with, beyond its registry row: each noun names one step here.

A step is `module:function`, called as `function(runtime, tenant)` after tenant, identity and membership are committed. It opens
its own scope and can be repeated: what stands already stays as it is.
"""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime
    from kith_tenants.tenant import TenantContext

log = structlog.get_logger("kith.auth")
STEPS: tuple[str, ...] = ("kith_platform.auth.newcomers:default_modules",)


def welcome(runtime: Runtime, tenant: TenantContext) -> list[str]:
    """Take every step; returns those that failed, which may be repeated. The company stands and works without them."""
    failed = []
    for step in STEPS:
        try:
            pkgutil.resolve_name(step)(runtime, tenant)
        except Exception:
            log.exception("a new company's step failed", step=step, tenant=tenant.id)
            failed.append(step)
    return failed


def default_modules(runtime: Runtime, tenant: TenantContext) -> None:
    """Switch on the modules everybody starts with and those of the company's industry."""
    from kith_platform.modules import service as modules

    with runtime.doors.tenant_scope(tenant.id) as session:
        modules.enable_defaults(session, runtime.plugins, tenant.industry)
