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

from kith_platform.calendar import service as calendar
from kith_platform.criteria import service as criteria
from kith_platform.frames import Frames
from kith_platform.metrics import service, store
from kith_platform.metrics.answers import Answers, Offered
from kith_platform.metrics.engine import Engine, Result, Wanted
from kith_platform.metrics.grains import SEGMENT, TENANT
from kith_platform.metrics.indices import Indices
from kith_platform.metrics.periods import covered, month, months
from kith_platform.metrics.scope import Sources
from kith_platform.opportunities import reps
from kith_platform.predict import versions
from kith_platform.predict.models import FactScore, Score, ScoreMonth
from kith_platform.quality import store as readings
from kith_platform.runtime import Runtime
from kith_platform.sdk.metrics import Period, Signed
from kith_platform.sdk.rhythm import USUAL_GAP
from kith_platform.segments.models import Segment, SegmentMember
from kith_tenants.tenant import TenantContext

Scope = Callable[[], AbstractContextManager[Session]]  # a transaction of the tenant
Told = Callable[[int, int], None]  # metrics done, metrics in all


@dataclass(frozen=True)
class Computed:
    """What one run found: the metrics, the periods, their readings, what they came from, and the segments there are."""

    offered: list[Offered]
    wanted: list[Wanted]
    results: list[Result]
    source: store.Source
    segments: list[str]


def refresh_values(runtime: Runtime, tenant: TenantContext, frames: Frames, scope: Scope, *, today: dt.date, told: Told) -> int:
    """This month and the 13 before, with what they are compared with, of the company and its segments, but for metrics above
    others (`refresh_indices`). How many values are new or different.
    """
    until = frames.last_day
    last, periods = month(until), _kept_periods(until, today)
    grains = (TENANT, SEGMENT)
    found = _compute(runtime, tenant, frames, scope, periods, grains, latest=last, today=today, told=told, above=False)
    metrics = [one.metric for one in found.offered]
    with scope() as session:
        only_latest = [one.key for one in metrics if one.latest_only]
        store.forget(session, [one.key for one in metrics], periods, only_latest, found.segments)
        return store.keep(session, found.results, found.wanted, found.source, grains)


def refresh_indices(runtime: Runtime, tenant: TenantContext, frames: Frames, scope: Scope, *, today: dt.date) -> int:
    """The metrics above others, of the periods that `refresh_values` keeps, from what it kept: what a company agrees changes
    these alone. How many values are new or different.
    """
    until, manifest = frames.last_day, frames.manifest
    last = month(until)
    wanted = [Wanted(period, covered(period, until, today), latest=period == last) for period in _kept_periods(until, today)]
    with scope() as session:
        offered = service.catalogue(session, runtime.plugins)
        source = store.Source(manifest.public_id, manifest.read_at, service.state(session, runtime.plugins), until)
        below = [one.metric.key for one in offered if not one.metric.above]
        measured = store.readings(session, below, [one.period for one in wanted])
        signed = _signed(session)
    results = Indices(Answers(runtime.plugins, tenant), signed).results(offered, wanted, measured)
    with scope() as session:
        return store.keep(session, results, wanted, source, (TENANT, SEGMENT))


def _kept_periods(until: dt.date, today: dt.date) -> list[Period]:
    """The months that a refresh keeps, and the days which the last of them is compared with."""
    return list(dict.fromkeys([*months(until), *service.comparisons(month(until), until, today)]))


def _signed(session: Session) -> dict[str, Signed]:
    agreed = [one for one in criteria.signed(session) if one.grain == TENANT]
    return {one.key: Signed(baseline=one.baseline, target=one.target) for one in agreed}


def period_values(
    runtime: Runtime,
    tenant: TenantContext,
    frames: Frames,
    scope: Scope,
    asked: Sequence[Period],
    grain: str = TENANT,
    *,
    also: Sequence[Period] = (),
    today: dt.date,
    told: Told,
) -> int:
    """Further periods, or the units of another grain, with what they are compared with; those of `also` without. A metric that
    only knows the present keeps what it has there.
    """
    until = frames.last_day
    against = (other for period in asked for other in service.comparisons(period, until, today))
    periods = list(dict.fromkeys([*asked, *against, *also]))
    latest = next((period for period in asked if period.start <= until < period.end), None)
    found = _compute(runtime, tenant, frames, scope, periods, (grain,), latest=latest, today=today, told=told)
    with scope() as session:
        return store.keep(session, found.results, found.wanted, found.source, (grain,))


def _compute(
    runtime: Runtime,
    tenant: TenantContext,
    frames: Frames,
    scope: Scope,
    periods: Sequence[Period],
    grains: Sequence[str],
    *,
    latest: Period | None,
    today: dt.date,
    told: Told,
    above: bool = True,
) -> Computed:
    until, manifest = frames.last_day, frames.manifest
    with scope() as session:
        offered = service.catalogue(session, runtime.plugins)
        quality = readings.latest(session)
        source = store.Source(manifest.public_id, manifest.read_at, service.state(session, runtime.plugins), until)
        open_hours = calendar.of_tenant(session)
        teams = reps.teams(session)
        signed = _signed(session)
        segments = list(session.execute(select(Segment.id).order_by(Segment.id)).scalars())
    sources = Sources(
        frames,
        tenant,
        runtime.facts,
        until=until,
        calendar=open_hours,
        scores=cache(_scores(runtime, tenant)),
        row_scores=cache(_row_scores(runtime, tenant)),
        frozen=cache(_frozen(runtime, tenant)),
        quality=lambda: quality,
        usual_gap=_usual_gap(offered),
        teams=teams,
    )
    asked = [grain for grain in grains if grain != SEGMENT or segments]
    members = _members(runtime, tenant) if SEGMENT in asked else None
    engine = Engine(sources, runtime.plugins, members=members)
    wanted = [Wanted(period, covered(period, until, today), latest=period == latest) for period in periods]
    measured = [one for one in offered if not one.metric.above]
    results = engine.results(measured, wanted, asked, lambda done: told(done, len(measured)))
    if above and TENANT in grains:
        results += Indices(engine.answers, signed).results(offered, wanted, results)
    return Computed(offered, wanted, results, source, [str(one) for one in segments])


def _usual_gap(offered: Sequence[Offered]) -> float:
    """As the module that asks for it is set."""
    found = (one.settings.get("usual_gap_days") for one in offered)
    return next((float(days) for days in found if days), USUAL_GAP)


def _members(runtime: Runtime, tenant: TenantContext) -> ir.Table:
    """segment_id, customer_id of everybody in a segment now."""
    statement = select(cast(SegmentMember.segment_id, BigInteger), cast(SegmentMember.customer_id, BigInteger))
    with runtime.doors.tenant_arrow(tenant.id) as door:
        rows: pa.Table = door.read(statement.where(SegmentMember.tenant_id == tenant.id)).read_all()
    return ibis.memtable(rows.rename_columns(["segment_id", "customer_id"]))


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


def _row_scores(runtime: Runtime, tenant: TenantContext) -> Callable[[str], ir.Table | None]:
    def scores(model: str) -> ir.Table | None:
        """row_id, value by the model that serves; None where a rule does."""
        with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
            serving = versions.champion(session, model)
        if serving is None:
            return None
        one = FactScore
        statement = select(cast(one.row_id, BigInteger), cast(one.value, Double)).where(
            one.tenant_id == tenant.id, one.task == model, one.version == serving.version
        )
        with runtime.doors.tenant_arrow(tenant.id) as door:
            rows: pa.Table = door.read(statement).read_all().rename_columns(["row_id", "value"])
        return ibis.memtable(rows) if rows.num_rows else None

    return scores


def _frozen(runtime: Runtime, tenant: TenantContext) -> Callable[[str], ir.Table | None]:
    def frozen(model: str) -> ir.Table | None:
        """month, customer_id, value, expected of the model's scores at the beginning of each month; None where none are kept."""
        one = ScoreMonth
        columns = (one.month, cast(one.customer_id, BigInteger), cast(one.value, Double), cast(one.expected, Double))
        statement = select(*columns).where(one.tenant_id == tenant.id, one.task == model)
        with runtime.doors.tenant_arrow(tenant.id) as door:
            rows: pa.Table = door.read(statement).read_all().rename_columns(["month", "customer_id", "value", "expected"])
        return ibis.memtable(rows) if rows.num_rows else None

    return frozen
