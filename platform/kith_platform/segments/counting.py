"""How many customers fulfil a rule: exactly by SQL, by the sample, or exactly from a snapshot."""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import LargeBinary, Select, func, literal, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.errors import Unavailable
from kith_platform.frames import WEB_MEMORY_MB, WEB_THREADS, Tables, open_frames
from kith_platform.i18n import N_
from kith_platform.runtime import Runtime
from kith_platform.segments import compile_frames, compile_sql, sample
from kith_platform.segments.rules import Part, facts_of
from kith_platform.segments.scope import Scope, living
from kith_platform.snapshots import service as snapshots
from kith_platform.snapshots.manifest import Manifest
from kith_tenants.context import Actor, Reach, visible
from kith_tenants.tenant import TenantContext

SECONDS = 5  # a live count that takes longer is given up
WORK_MEMORY = "64MB"  # sets of ids are hashed in memory
PEOPLE: Any = Customer.__table__


@dataclass(frozen=True)
class Count:
    """`customers` who fulfil a rule. An estimate has `sampled` > 0 customers behind it and a 95 % interval low to high.

    `as_of` is the moment of the snapshot it was counted from; None is now.
    """

    customers: int
    sampled: int = 0
    low: int = 0
    high: int = 0
    as_of: dt.datetime | None = None

    @property
    def exact(self) -> bool:
        return not self.sampled


class TooSlow(Unavailable):
    """A count took longer than SECONDS."""

    code = "too_slow"
    title = N_("This takes too long to count")
    default = N_("This takes too long to count here. Save the segment: it is then counted in the background.")


def fulfilling(rule: Part, scope: Scope, actor: Actor) -> Select[Any]:
    """Ids of the living customers whom the actor may see and who fulfil the rule."""
    if actor.reach is Reach.ALL:
        return compile_sql.members(rule, scope)
    seen = visible(select(Customer.id), actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id)
    return seen.where(living(), compile_sql.holds(rule, scope))


def live(session: Session, runtime: Runtime, tenant: TenantContext, actor: Actor, rule: Part, scope: Scope) -> Count:
    """Exact where the rule counts no facts or the actor's customers are few; else an estimate from the sample, once a refresh
    has drawn it. Raises TooSlow.
    """
    with limited(session):
        if not facts_of(rule):
            return Count(_counted(session, rule, scope, actor))
        few = visible(select(Customer.id), actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id).limit(sample.SMALL + 1)
        if _number(session, few) <= sample.SMALL:
            return Count(_counted(session, rule, scope, actor))
        drawn = sample.latest(runtime, session, tenant)
        if drawn is None:
            return exact(session, runtime, tenant, actor, rule, scope)
        return _estimate(session, runtime, tenant, actor, rule, scope, drawn)


def _estimate(
    session: Session, runtime: Runtime, tenant: TenantContext, actor: Actor, rule: Part, scope: Scope, drawn: sample.Drawn
) -> Count:
    stored = Stored(session, scope, actor, sampled=True)
    with sample.opened(runtime, tenant, drawn) as frames:
        tables = frames.at(scope.today)
        found = compile_frames.members(rule, stored, tables, scope.facts, scope.today)
        met = int(tables.run(found.aggregate(n=found.count()))["n"][0].as_py())
    low, high = interval(met, drawn.customers)
    total = sample.ONE_IN * drawn.customers
    return Count(met * sample.ONE_IN, drawn.customers, round(low * total), round(high * total), drawn.read_at)


def interval(met: int, sampled: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not sampled:
        return 0.0, 1.0
    z, share = 1.959964, met / sampled
    middle = share + z * z / (2 * sampled)
    reach = z * math.sqrt(share * (1 - share) / sampled + z * z / (4 * sampled * sampled))
    size = 1 + z * z / sampled
    return max(0.0, (middle - reach) / size), min(1.0, (middle + reach) / size)


def exact(session: Session, runtime: Runtime, tenant: TenantContext, actor: Actor, rule: Part, scope: Scope) -> Count:
    """Exact, by facts of the newest snapshot where the rule counts facts, else live. Raises TooSlow."""
    manifest = snapshots.latest(session)
    with limited(session):
        if not facts_of(rule) or manifest is None:
            return Count(_counted(session, rule, scope, actor))
        stored = Stored(session, scope, actor)
        return Count(_from_snapshot(runtime, tenant, manifest, rule, scope, stored), as_of=manifest.read_at)


def _from_snapshot(runtime: Runtime, tenant: TenantContext, manifest: Manifest, rule: Part, scope: Scope, stored: Stored) -> int:
    with open_frames(runtime, tenant, manifest, threads=WEB_THREADS, memory_mb=WEB_MEMORY_MB) as frames:
        tables = frames.at(scope.today)
        with _interrupted(tables):
            found = compile_frames.members(rule, stored, tables, scope.facts, scope.today)
            return int(tables.run(found.aggregate(n=found.count()))["n"][0].as_py())


@contextmanager
def _interrupted(tables: Tables) -> Iterator[None]:
    """Stop the engine after SECONDS. Raises TooSlow."""
    engine: Any = tables.records.get_backend().con
    told = threading.Event()

    def stop() -> None:
        told.set()
        engine.interrupt()

    timer = threading.Timer(SECONDS, stop)
    timer.start()
    try:
        yield
    except Exception:
        if told.is_set():
            raise TooSlow from None
        raise
    finally:
        timer.cancel()


class Stored:
    """What SQL knows of a rule's customers, as `compile_frames` asks for it."""

    def __init__(self, session: Session, scope: Scope, actor: Actor | None = None, *, sampled: bool = False) -> None:
        self._session, self._scope, self._actor, self._sampled = session, scope, actor, sampled

    def __call__(self, part: Part) -> pa.Array:
        wanted = compile_sql.members(part, self._scope)
        if self._actor is not None:
            wanted = fulfilling(part, self._scope, self._actor)
        if self._sampled:
            few = sample.ids().subquery()
            inner = replace(self._scope, who=few.c[0])
            wanted = select(few.c[0]).where(compile_sql.holds(part, inner))
            seen = select(Customer.id).where(living(), Customer.id.in_(sample.ids()))
            if self._actor is not None:
                seen = visible(seen, self._actor, owner=PEOPLE.c.owner_id, unit=PEOPLE.c.unit_id)
            wanted = wanted.where(few.c[0].in_(seen))
        return ids(self._session, wanted)

    def gone(self) -> pa.Array | None:
        if self._actor is not None and self._actor.reach is not Reach.ALL:
            return None
        return ids(self._session, compile_sql.gone())


def ids(session: Session, wanted: Select[Any]) -> pa.Array:
    """The ids as one value from the database: a million rows would become Python objects one by one."""
    one = wanted.subquery().c[0]
    packed = session.execute(select(func.string_agg(func.int8send(one), literal(b"", LargeBinary)))).scalar_one() or b""
    return pa.array(np.frombuffer(packed, dtype=">i8").astype("i8"))


@contextmanager
def limited(session: Session) -> Iterator[None]:
    """What runs inside gets memory for its sets and SECONDS of time, what follows the time it had. Raises TooSlow."""
    before = session.execute(select(func.current_setting("statement_timeout"))).scalar_one()
    limits = [("work_mem", WORK_MEMORY), ("statement_timeout", f"{SECONDS}s")]
    session.execute(select(*(func.set_config(name, value, True) for name, value in limits)))
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") == "57014":
            raise TooSlow from None
        raise
    session.execute(select(func.set_config("statement_timeout", before, True)))


def _counted(session: Session, rule: Part, scope: Scope, actor: Actor) -> int:
    if actor.reach is Reach.ALL:
        found: int = session.execute(compile_sql.number(rule, scope)).scalar_one()
        return found
    return _number(session, fulfilling(rule, scope, actor))


def _number(session: Session, ids: Select[Any]) -> int:
    return session.execute(select(func.count()).select_from(ids.subquery())).scalar_one()
