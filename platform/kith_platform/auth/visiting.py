"""A company as somebody sees it who has a signed link of its and no account."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from kith_platform.runtime import Runtime
from kith_tenants.tenant import SUSPENDED, Tenant, TenantContext


def company(runtime: Runtime, public_id: uuid.UUID) -> TenantContext | None:
    """The company of this public id; None where there is none or it is suspended. The caller has checked the link's signature."""
    with runtime.doors.auth_scope() as session:
        row = session.execute(select(Tenant).where(Tenant.public_id == public_id)).scalar_one_or_none()
        return None if row is None or row.status == SUSPENDED else TenantContext.of(row)
