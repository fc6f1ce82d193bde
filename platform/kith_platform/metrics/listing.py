"""Metrics as documents, for the command line and programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy.orm import Session

from kith_platform.metrics import service, store
from kith_platform.metrics.answers import Offered
from kith_platform.metrics.grains import TENANT
from kith_platform.metrics.models import MetricPeriod
from kith_platform.metrics.service import Shown, UnitName
from kith_platform.runtime import Runtime
from kith_platform.sdk.metrics import Period
from kith_platform.snapshots import service as snapshots
from kith_tenants.tenant import TenantContext

NOT_COMPUTED = "not_computed"


def current(
    runtime: Runtime,
    tenant: TenantContext,
    period: Period | None,
    keys: Collection[str] = (),
    grain: str = TENANT,
    *,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Every metric of the enabled modules (or `keys`) over a period (None: the newest month), of the company or of each unit of
    a grain, computed first where the newest snapshot has not been asked for it yet. Raises NotFound for a key nobody brings.
    """
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        for key in keys:
            service.offered(session, runtime.plugins, key)
        chosen = period or service.latest_period(session)
        fresh = chosen is not None and _fresh(session, runtime, chosen, grain)
    if not fresh:
        from kith_platform.metrics.now import compute_now

        say("Computing …")
        compute_now(runtime, tenant, *([chosen] if chosen else []), grain=grain, told=lambda _done, _total: None)
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        chosen = chosen or service.latest_period(session)
        if chosen is None:  # no module that is on brings a metric
            return {"period": None, "metrics": []}
        found = [one for one in service.catalogue(session, runtime.plugins) if not keys or one.metric.key in keys]
        rows = _rows(session, found, chosen, grain, tenant.currency)
        return {"period": period_document(chosen, store.noted(session, chosen, grain)), "metrics": rows}


def _rows(session: Session, found: Sequence[Offered], period: Period, grain: str, currency: str) -> list[dict[str, Any]]:
    if grain == TENANT:
        return [document(one, currency=currency) for one in service.shown(session, found, period)]
    own = [one for one in found if grain in one.metric.grains]
    names = service.unit_names(session, None, grain, store.units(session, period, grain))
    rows = []
    for name in names.values():
        shown = service.shown(session, own, period, grain, name.unit)
        rows += [document(one, currency=currency, of=name) for one in shown if one.value is not None]
    return rows


def _fresh(session: Session, runtime: Runtime, period: Period, grain: str) -> bool:
    """Whether the period was computed from the newest snapshot, with the modules and scores of now."""
    noted, newest = store.noted(session, period, grain), snapshots.latest(session)
    if noted is None or newest is None or noted.snapshot != newest.public_id:
        return False
    return noted.state == service.state(session, runtime.plugins)


def document(one: Shown, *, currency: str, of: UnitName | None = None) -> dict[str, Any]:
    """One metric as JSON, of the company or of a unit. A missing value is null with a reason."""
    metric, value = one.metric, one.value
    whose = {"of": {"id": of.public, "name": of.name}} if of else {}
    return {
        **whose,
        "key": metric.key,
        "module": one.plugin,
        "name": metric.name,
        "unit": metric.unit,
        "currency": currency if metric.unit in {"money", "money_per_day"} else None,
        "better": metric.better,
        "kind": metric.kind,
        "grains": list(metric.grains),
        "value": value.value if value else None,
        "n": value.n if value else 0,
        "low": value.low if value else None,
        "high": value.high if value else None,
        "reason": (value.reason or None) if value else NOT_COMPUTED,
        "flags": list(value.flags) if value else [],
        "coverage": value.coverage if value else None,
        "compared": {name: then.value if then else None for name, then in one.compared.items()},
        "changes": one.changes,
        "rows": [row for row in value.rows if "customer" not in row] if value else [],
        "computed_at": value.computed_at.isoformat() if value else None,
    }


def period_document(period: Period, noted: MetricPeriod | None) -> dict[str, Any]:
    """First and last day (counted in), whether the data end inside it, and the last day they cover."""
    return {
        "from": period.start.isoformat(),
        "to": (period.end - dt.timedelta(days=1)).isoformat(),
        "partial": noted.partial if noted else None,
        "until": noted.until.isoformat() if noted else None,
        "snapshot": noted.snapshot.hex if noted else None,
    }
