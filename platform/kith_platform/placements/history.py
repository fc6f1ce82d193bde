"""How customers moved between the codes of a placement: the matrix between two days, and where it leads (domain C3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from kith_platform.customers.models import Customer
from kith_platform.placements.models import CustomerPlacement, PlacementMove, PlacementTrack
from kith_platform.sdk.types import PlacementShare
from kith_tenants.context import Actor, visible

FEW, PSEUDO = 30, 20  # rows with fewer customers are drawn towards what is usual, with the weight of so many
SPANS = 12  # how many earlier spans make what is usual
PEOPLE = Customer.__table__.c

Cells = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Matrix:
    """Who stood where on two days. `counts` and `amounts` by (code then, code now); "" is no place. Amounts add up the
    placement's number (margin) as it stood when a customer next moved after the first day, or stands now where they have not.
    """

    start: dt.date
    end: dt.date
    counts: Cells
    amounts: Cells

    def codes(self) -> set[str]:
        return {code for pair in self.counts for code in pair} - {""}

    def row(self, code: str, *, by_amount: bool = False) -> dict[str, float]:
        """Where those who had the code are now, "" included."""
        cells = self.amounts if by_amount else self.counts
        return {now: value for (then, now), value in cells.items() if then == code}

    def stock(self) -> dict[str, float]:
        """Customers by code on the second day."""
        found: dict[str, float] = {}
        for (_, now), value in self.counts.items():
            if now:
                found[now] = found.get(now, 0) + value
        return found

    def arriving(self) -> dict[str, float]:
        """Customers who had no place on the first day, by code on the second."""
        return {now: value for now, value in self.row("").items() if now}


@dataclass(frozen=True)
class Rates:
    """The rows of a matrix as shares. `n` customers each; `shrunk` rows had too few and lean on earlier spans."""

    shares: Mapping[str, Mapping[str, float]]
    n: Mapping[str, float]
    shrunk: frozenset[str]


def track(session: Session, key: str) -> PlacementTrack | None:
    """How far the placement has come; None before its first turn."""
    return session.execute(select(PlacementTrack).where(PlacementTrack.key == key)).scalar_one_or_none()


def tracks(session: Session) -> dict[str, PlacementTrack]:
    """How far each placement has come."""
    return {row.key: row for row in session.execute(select(PlacementTrack)).scalars()}


def of_customer(session: Session, customer_id: int, keys: Sequence[str], most: int = 12) -> list[PlacementMove]:
    """One customer's moves, latest first. The caller has checked that the customer may be seen."""
    statement = select(PlacementMove).where(PlacementMove.customer_id == customer_id, PlacementMove.key.in_(keys))
    return list(session.execute(statement.order_by(PlacementMove.id.desc()).limit(most)).scalars())


def matrix(session: Session, key: str, start: dt.date, end: dt.date, actor: Actor | None = None) -> Matrix:
    """Of the customers the actor may see, who stood where at the end of two days, start < end."""
    then, now, place = _later(key, start), _later(key, end), aliased(CustomerPlacement)
    placed = select(place.customer_id, place.code, place.sort).where(place.key == key).subquery()
    who = func.coalesce(placed.c.customer_id, then.c.customer_id)
    was = func.coalesce(then.c.from_code, placed.c.code, "")
    is_now = func.coalesce(now.c.from_code, placed.c.code, "")
    worth = case((then.c.customer_id.is_not(None), then.c.from_sort), else_=placed.c.sort)
    statement: Select[Any] = (
        select(was, is_now, func.count(), func.sum(worth))
        .select_from(placed)
        .join(then, then.c.customer_id == placed.c.customer_id, full=True)
        .outerjoin(now, now.c.customer_id == then.c.customer_id)
        .join(Customer, Customer.id == who)
        .where(or_(was != "", is_now != ""))
    )
    if actor is not None:
        statement = visible(statement, actor, owner=PEOPLE.owner_id, unit=PEOPLE.unit_id)
    rows = session.execute(statement.group_by(was, is_now)).all()
    return Matrix(start, end, {(a, b): n for a, b, n, _ in rows}, {(a, b): amount or 0.0 for a, b, _, amount in rows})


def _later(key: str, day: dt.date) -> Any:
    """Each customer's first move after the day, if any: what it came from is where they stood at the end of the day."""
    moves = select(PlacementMove.customer_id, PlacementMove.from_code, PlacementMove.from_sort)
    moves = moves.where(PlacementMove.key == key, PlacementMove.moved_on > day)
    first = moves.ext(distinct_on(PlacementMove.customer_id))
    return first.order_by(PlacementMove.customer_id, PlacementMove.id).subquery()


def usual(session: Session, key: str, found: Matrix, first: dt.date, actor: Actor | None = None) -> list[Matrix]:
    """The spans of the same length before `found`, as far back as the history goes, latest first."""
    earlier: list[Matrix] = []
    months = _months(found.start, found.end)
    end = found.start
    while len(earlier) < SPANS and (start := month_end(end, -months)) >= first and start < end:
        earlier.append(matrix(session, key, start, end, actor))
        end = start
    return earlier


def rates(found: Matrix, codes: Sequence[str], earlier: Sequence[Matrix] = (), *, by_amount: bool = False) -> Rates:
    """P of C3. A row of fewer than 30 customers is drawn towards the same row of the earlier spans, with 20 pseudo-counts."""
    shares: dict[str, dict[str, float]] = {}
    n: dict[str, float] = {}
    shrunk = set()
    for code in codes:
        n[code] = sum(found.row(code).values())
        own = _shares(found.row(code, by_amount=by_amount))
        pooled: dict[str, float] = {}
        for one in earlier:
            for now, value in one.row(code, by_amount=by_amount).items():
                pooled[now] = pooled.get(now, 0) + value
        before = _shares(pooled)
        if n[code] < FEW and before:
            shrunk.add(code)
            weight = n[code] / (n[code] + PSEUDO)
            own = {now: weight * own.get(now, 0) + (1 - weight) * before.get(now, 0) for now in {*own, *before}}
        shares[code] = own
    return Rates(shares, n, frozenset(shrunk))


def _shares(row: Mapping[str, float]) -> dict[str, float]:
    whole = sum(row.values())
    return {code: value / whole for code, value in row.items()} if whole > 0 else {}


def project(found: Rates, stock: Mapping[str, float], arriving: Mapping[str, float]) -> dict[str, float]:
    """π' = πP + new: customers by code after one more span like this one.

    Who has a code whose row is empty stays where they are.

    >>> rates = Rates({"B": {"B": 0.75, "E": 0.25}, "E": {}}, {}, frozenset())
    >>> project(rates, {"B": 100, "E": 10}, {"B": 5})
    {'B': 80.0, 'E': 35.0}
    """
    after = {code: float(arriving.get(code, 0)) for code in found.shares}
    for code, count in stock.items():
        for now, share in (found.shares.get(code) or {code: 1.0}).items():
            if now:
                after[now] = after.get(now, 0.0) + count * share
    return after


def share(found: Rates, wanted: PlacementShare) -> float | None:
    """A key share over its starting codes, each weighed by its customers; None where there were none."""
    here = [code for code in wanted.start if found.n.get(code) and found.shares[code]]
    whole = sum(found.n[code] for code in here)
    if not whole:
        return None
    return sum(found.n[code] * sum(found.shares[code].get(now, 0) for now in wanted.end) for code in here) / whole


def reached(
    session: Session, key: str, wanted: PlacementShare, start: dt.date, end: dt.date, actor: Actor | None = None
) -> tuple[int, int]:
    """Of the customers who had a starting code on `start`, how many, and how many of them came to an ending one by `end`."""
    then, place = _later(key, start), aliased(CustomerPlacement)
    placed = select(place.customer_id, place.code).where(place.key == key).subquery()
    who = func.coalesce(placed.c.customer_id, then.c.customer_id)
    came = (
        select(PlacementMove.id)
        .where(
            PlacementMove.customer_id == who,
            PlacementMove.key == key,
            PlacementMove.moved_on > start,
            PlacementMove.moved_on <= end,
            PlacementMove.to_code.in_(wanted.end),
        )
        .exists()
    )
    statement: Any = (
        select(func.count(), func.count().filter(came))
        .select_from(placed)
        .join(then, then.c.customer_id == placed.c.customer_id, full=True)
        .join(Customer, Customer.id == who)
        .where(func.coalesce(then.c.from_code, placed.c.code, "").in_(wanted.start))
    )
    if actor is not None:
        statement = visible(statement, actor, owner=PEOPLE.owner_id, unit=PEOPLE.unit_id)
    everybody, those = session.execute(statement).one()
    return everybody, those


def month_end(day: dt.date, months: int = 0) -> dt.date:
    """The last day of the month so many months from the day's.

    >>> month_end(dt.date(2026, 3, 31), -1), month_end(dt.date(2026, 1, 9))
    (datetime.date(2026, 2, 28), datetime.date(2026, 1, 31))
    """
    place = day.year * 12 + day.month + months  # the month after, counted from 0
    return dt.date(place // 12, place % 12 + 1, 1) - dt.timedelta(days=1)


def _months(start: dt.date, end: dt.date) -> int:
    return max(1, (end.year - start.year) * 12 + end.month - start.month)
