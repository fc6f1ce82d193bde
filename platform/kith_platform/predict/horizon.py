"""A clv model read over another horizon than the stored one: same fit, same as-of day, other days ahead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.predict import versions
from kith_platform.predict.value import serving
from kith_platform.predict.value.brought import Brought
from kith_platform.predict.value.windows import Look

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime
    from kith_tenants.tenant import TenantContext


def ahead(runtime: Runtime, tenant: TenantContext, key: str, days: int) -> dict[int, Mapping[str, float]]:
    """Per customer: value (undiscounted money), expected_purchases and p_alive over the next `days` after the as-of day.

    Raises Invalid for another model than clv, and where anything but the rhythm of purchases serves.
    """
    from kith_platform.frames import open_frames
    from kith_platform.snapshots import service as snapshots

    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        row = versions.champion(session, key) if key == "clv" else None
        if row is None:
            raise Invalid(N_("Only a clv model that serves can look over another horizon."))
        serves = serving.load(versions.artefact(session, row, runtime.model_key))
    fit = serves.fit
    manifest = snapshots.take(runtime, tenant.id)
    with open_frames(runtime, tenant, manifest, threads=1, memory_mb=1024) as frames:
        cutoff = row.as_of + dt.timedelta(days=1)
        look = Look.of(Brought.known(frames, cutoff), cutoff)
    if fit is None or serves.trees is not None or look.bound.customer.size:
        raise Invalid(N_("This clv model tells of 12 months only: another horizon is for values by the purchase rhythm alone."))
    history = look.history
    purchases = fit.purchases(history, days)
    columns = np.column_stack([fit.money(history, days), purchases, fit.alive(history)]).round(6).tolist()
    names = ("value", "expected_purchases", "p_alive")
    return {int(customer): dict(zip(names, line, strict=True)) for customer, line in zip(history.customer, columns, strict=True)}
