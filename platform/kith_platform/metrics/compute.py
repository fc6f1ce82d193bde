"""One run: metrics of a snapshot computed and kept. The refresh step, the job and the command line all come through here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from sqlalchemy import cast, select
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, Double

from kith_platform.frames import Frames
from kith_platform.metrics import service, store
from kith_platform.metrics.engine import Engine, Offered, Result, Wanted
from kith_platform.metrics.periods import covered, month, months
from kith_platform.predict.models import Score
from kith_platform.quality import store as readings
from kith_platform.runtime import Runtime
from kith_platform.sdk.types import Period
from kith_tenants.tenant import TenantContext

Scope = Callable[[], AbstractContextManager[Session]]  # a transaction of the tenant
Told = Callable[[int, int], None]  # metrics done, metrics in all


@dataclass(frozen=True)
class Computed:
    """What one run found: the metrics, the periods, their readings, and what they came from."""

    offered: list[Offered]
    wanted: list[Wanted]
    results: list[Result]
    source: store.Source


def refresh_values(runtime: Runtime, tenant: TenantContext, frames: Frames, scope: Scope, *, today: dt.date, told: Told) -> int:
    """This month and the 13 before, with what they are compared with. How many values are new or different."""
    until = frames.last_day
    last = month(until)
    periods = list(dict.fromkeys([*months(until), *service.comparisons(last, until, today)]))
    found = _compute(runtime, tenant, frames, scope, periods, latest=last, today=today, told=told)
    metrics = [one.metric for one in found.offered]
    with scope() as session:
        store.forget(session, [one.key for one in metrics], periods, [one.key for one in metrics if one.latest_only])
        return store.keep(session, found.results, found.wanted, found.source)


def period_values(
    runtime: Runtime, tenant: TenantContext, frames: Frames, scope: Scope, period: Period, *, today: dt.date, told: Told
) -> int:
    """One more period with what it is compared with. A metric that only knows the present keeps what it has there."""
    until = frames.last_day
    periods = list(dict.fromkeys([period, *service.comparisons(period, until, today)]))
    latest = period if period.start <= until < period.end else None
    found = _compute(runtime, tenant, frames, scope, periods, latest=latest, today=today, told=told)
    with scope() as session:
        return store.keep(session, found.results, found.wanted, found.source)


def _compute(
    runtime: Runtime,
    tenant: TenantContext,
    frames: Frames,
    scope: Scope,
    periods: Sequence[Period],
    *,
    latest: Period | None,
    today: dt.date,
    told: Told,
) -> Computed:
    until, manifest = frames.last_day, frames.manifest
    with scope() as session:
        offered = service.catalogue(session, runtime.plugins)
        quality = readings.latest(session)
        source = store.Source(manifest.public_id, manifest.read_at, service.state(session, runtime.plugins), until)
    engine = Engine(frames, tenant, runtime.plugins, runtime.facts, cache(_scores(runtime, tenant)), lambda: quality, until=until)
    wanted = [Wanted(period, covered(period, until, today), latest=period == latest) for period in periods]
    return Computed(offered, wanted, engine.results(offered, wanted, lambda done: told(done, len(offered))), source)


def _scores(runtime: Runtime, tenant: TenantContext) -> Callable[[str], ir.Table | None]:
    def scores(model: str) -> ir.Table | None:
        """customer_id, value of the model's latest scores; None where nobody has one."""
        statement = select(cast(Score.customer_id, BigInteger), cast(Score.value, Double)).where(
            Score.tenant_id == tenant.id, Score.task == model
        )
        with runtime.doors.tenant_arrow(tenant.id) as door:
            rows: pa.Table = door.read(statement).read_all().rename_columns(["customer_id", "value"])
        return ibis.memtable(rows) if rows.num_rows else None

    return scores
