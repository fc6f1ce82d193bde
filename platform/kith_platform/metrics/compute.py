"""One run: metrics of a snapshot computed and kept. The refresh step, the job and the command line all come through here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
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
from kith_platform.runtime import Runtime
from kith_platform.sdk.types import Period
from kith_tenants.tenant import TenantContext

Scope = Callable[[], AbstractContextManager[Session]]  # a transaction of the tenant
Told = Callable[[int, int], None]  # metrics done, metrics in all


def refresh_values(runtime: Runtime, tenant: TenantContext, frames: Frames, scope: Scope, *, today: dt.date, told: Told) -> int:
    """This month and the 13 before, with what they are compared with. How many values are new or different."""
    until = frames.last_day
    last = month(until)
    periods = list(dict.fromkeys([*months(until), *service.comparisons(last, until, today)]))
    found, results = _compute(runtime, tenant, frames, scope, periods, today=today, told=told, latest=last)
    with scope() as session:
        kept = [one.metric for one in found]
        store.forget(
            session, [one.key for one in kept], periods, [one.key for one in kept if one.latest_only]
        )
        return store.keep(session, results, until=until, snapshot=frames.manifest.public_id)


def period_values(
    runtime: Runtime, tenant: TenantContext, frames: Frames, scope: Scope, period: Period, *, today: dt.date, told: Told
) -> int:
    """One more period with what it is compared with. A metric that only knows the present keeps what it has there."""
    until = frames.last_day
    periods = list(dict.fromkeys([period, *service.comparisons(period, until, today)]))
    latest = period if period.start <= until < period.end else None
    _found, results = _compute(runtime, tenant, frames, scope, periods, today=today, told=told, latest=latest)
    with scope() as session:
        return store.keep(session, results, until=until, snapshot=frames.manifest.public_id)


def _compute(
    runtime: Runtime,
    tenant: TenantContext,
    frames: Frames,
    scope: Scope,
    periods: Sequence[Period],
    *,
    today: dt.date,
    told: Told,
    latest: Period | None,
) -> tuple[list[Offered], list[Result]]:
    until = frames.last_day
    with scope() as session:
        found = service.catalogue(session, runtime.plugins)
    engine = Engine(frames, tenant, runtime.plugins, runtime.facts, cache(_scores(runtime, tenant)), until=until)
    wanted = [Wanted(period, covered(period, until, today), latest=period == latest) for period in periods]
    return found, engine.results(found, wanted, lambda done: told(done, len(found)))


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
