"""Running the matching for a tenant and keeping what it found. For jobs: DuckDB and splink are used in their child process."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.duplicates.models import AUTOMATIC, REVIEW, DuplicatePair, DuplicateRun, ToldApart
from kith_platform.facts.models import CustomerRecord

if TYPE_CHECKING:
    from kith_platform.duplicates.matching import Found
    from kith_platform.jobs.declared import JobRun
    from kith_tenants.tenant import TenantContext

VERSION = 1  # count up when the same records would be judged otherwise
RECORD: Table = CustomerRecord.__table__
Said = Callable[[int, int], None]


@dataclass(frozen=True)
class Decided:
    """What holds whatever matching finds: records that are one customer's already, and those that people told apart."""

    always: tuple[tuple[int, int], ...]
    never: tuple[tuple[int, int], ...]


def mark(session: Session) -> str:
    """Changes with every decision of a person, and with how records are judged."""
    said = session.execute(select(ToldApart.left_id, ToldApart.right_id)).all()
    return hashlib.sha256(repr((VERSION, sorted(map(tuple, said)))).encode()).hexdigest()[:16]


def rules(session: Session) -> Decided:
    """The company's decisions. Records of one customer stay together: matching never splits."""
    said = session.execute(select(ToldApart.left_id, ToldApart.right_id)).all()
    several = select(RECORD.c.customer_id).where(RECORD.c.customer_id.is_not(None)).group_by(RECORD.c.customer_id)
    together = select(RECORD.c.customer_id, RECORD.c.id).where(RECORD.c.customer_id.in_(several.having(func.count() > 1)))
    chains: dict[int, list[int]] = {}
    for customer, record in session.execute(together.order_by(RECORD.c.customer_id, RECORD.c.id)):
        chains.setdefault(customer, []).append(record)
    always = [pair for chain in chains.values() for pair in pairwise(chain)]
    return Decided(tuple(always), tuple((left, right) for left, right in said))


def region_of(tenant: TenantContext) -> str:
    """Where the company's phone numbers without a country code belong: by its time zone, else by its currency."""
    from babel.core import get_global

    zones: Any = get_global("zone_territories")
    by_money = {"CNY": "CN", "TWD": "TW", "HKD": "HK", "JPY": "JP", "GBP": "GB", "AUD": "AU", "CAD": "CA", "USD": "US"}
    found = str(zones.get(tenant.timezone, ""))
    return found if len(found) == 2 and found.isalpha() else by_money.get(tenant.currency, "")


def find(run: JobRun, said: Said | None = None) -> Found | None:
    """Compare all records and keep the pairs; None where nothing is compared that was not compared before."""
    from kith_platform.duplicates.matching import Matcher
    from kith_platform.duplicates.prepared import read, schema

    started = time.monotonic()
    with run.step() as session:
        decided, own = rules(session), mark(session)
        known = session.execute(select(DuplicateRun.fingerprint)).scalar_one_or_none()
    scratch = run.runtime.settings.home / "scratch"
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Matcher(threads=run.threads, memory_mb=run.memory_mb, scratch=scratch) as matcher:
        with run.runtime.doors.tenant_arrow(run.tenant.id) as door:
            matcher.load(_checked(run, read(door, region_of(run.tenant))), schema())
        fingerprint = f"{matcher.fingerprint()}-{own}"
        if fingerprint == known:
            return None
        found = matcher.find(always=decided.always, never=decided.never, told=said)
    with run.step() as session:
        keep(session, found, fingerprint, time.monotonic() - started)
    return found


def _checked(run: JobRun, batches: Iterable[Any]) -> Iterable[Any]:
    for batch in batches:
        run.check()
        yield batch


def keep(session: Session, found: Found, fingerprint: str, seconds: float) -> None:
    """Write the pairs where they changed, and what was compared."""
    wanted = {(one.left, one.right): (AUTOMATIC, one) for one in found.automatic}
    wanted |= {(one.left, one.right): (REVIEW, one) for one in found.review if (one.left, one.right) not in wanted}
    held = session.execute(
        select(DuplicatePair.left_id, DuplicatePair.right_id, DuplicatePair.kind, DuplicatePair.weight, DuplicatePair.why)
    )
    before = {(left, right): (kind, weight, why) for left, right, kind, weight, why in held}
    now = {key: (kind, one.weight, one.why) for key, (kind, one) in wanted.items()}
    stale = [key for key, value in before.items() if now.get(key) != value]
    for start in range(0, len(stale), 5_000):
        part = stale[start : start + 5_000]
        session.execute(delete(DuplicatePair).where(tuple_(DuplicatePair.left_id, DuplicatePair.right_id).in_(part)))
    rows = [
        {"left_id": one.left, "right_id": one.right, "kind": kind, "weight": one.weight, "why": one.why}
        for key, (kind, one) in sorted(wanted.items())
        if before.get(key) != now[key]
    ]
    for start in range(0, len(rows), 5_000):
        session.execute(insert(DuplicatePair).on_conflict_do_nothing(), rows[start : start + 5_000])
    values = {"fingerprint": fingerprint, "records": found.records, "seconds": round(seconds, 2)}
    row = insert(DuplicateRun).values(**values)
    session.execute(row.on_conflict_do_update(index_elements=["tenant_id"], set_={**values, "ran_at": func.now()}))
