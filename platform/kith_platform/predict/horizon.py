"""A clv model read over another horizon than the stored one: same fit, same as-of day, other days ahead."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.predict import versions
from kith_platform.predict.clv import fit_of
from kith_platform.predict.evidence import PurchaseDays, Repeats, day_number
from kith_platform.predict.fits.bgnbd import p_alive

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime
    from kith_tenants.tenant import TenantContext


def ahead(runtime: Runtime, tenant: TenantContext, key: str, days: int) -> dict[int, Mapping[str, float]]:
    """Per customer: value (undiscounted money), expected_purchases and p_alive over the next `days` after the as-of day.

    Raises Invalid for another model than clv, or where the rule serves instead of a fit.
    """
    from kith_platform.frames import open_frames
    from kith_platform.snapshots import service as snapshots

    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        row = versions.champion(session, key) if key == "clv" else None
        if row is None:
            raise Invalid(N_("Only a clv model that serves can look over another horizon."))
        fit = fit_of(json.loads(versions.artefact(session, row, runtime.model_key)))
    manifest = snapshots.take(runtime, tenant.id)
    with open_frames(runtime, tenant, manifest, threads=1, memory_mb=1024) as frames:
        cutoff = row.as_of + dt.timedelta(days=1)
        history = Repeats.at(PurchaseDays.known(frames, cutoff), day_number(cutoff))
    purchases = fit.purchases(history, days)
    money = purchases * fit.per_purchase(history)
    alive = p_alive(fit.buying, history.x, history.t_x, history.T)
    columns = np.column_stack([money, purchases, alive]).round(6).tolist()
    names = ("value", "expected_purchases", "p_alive")
    return {int(customer): dict(zip(names, line, strict=True)) for customer, line in zip(history.customer, columns, strict=True)}
