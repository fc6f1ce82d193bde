"""Who moved where within a span of months, with what follows from it: for the page and for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from kith_platform.placements import history
from kith_platform.placements.history import Matrix, Rates
from kith_platform.placements.models import PlacementTrack
from kith_platform.sdk.types import Placement, PlacementShare
from kith_tenants.context import Actor

SPANS = {"month": 1, "quarter": 3, "year": 12}
LISTED = 24  # month-ends to choose from


@dataclass(frozen=True)
class Span:
    """`rates` by count or, if asked for, by amount. `after`: customers by code after one more span like this one."""

    matrix: Matrix
    rates: Rates
    after: Mapping[str, float]
    shares: Sequence[tuple[PlacementShare, float | None]]


def ends(track: PlacementTrack) -> list[dt.date]:
    """The days a span may end on, latest first: the last turn's, and the month-ends since the first."""
    first, last, month_end = track.first_day, track.last_day, track.month_end
    found = [last]
    day = history.month_end(last, -1) if month_end is None or month_end == last else month_end
    while day > first and len(found) < LISTED:
        if day != last:
            found.append(day)
        day = history.month_end(day, -1)
    return found


def span(
    session: Session,
    actor: Actor,
    placement: Placement,
    *,
    months: int = 1,
    end: dt.date | None = None,
    by_amount: bool = False,
) -> Span | None:
    """The span of so many months up to `end` (the last month-end), of customers the actor may see; None without a history."""
    track = history.track(session, placement.key)
    if track is None:
        return None
    end = end or track.month_end or track.last_day
    start = max(history.month_end(end, -months), track.first_day)
    if start >= end:
        return None
    key = placement.key
    matrix = history.matrix(session, key, start, end, actor)
    codes = _codes(placement, matrix)
    earlier = history.usual(session, key, matrix, track.first_day, actor) if _few(matrix) else []
    counted = history.rates(matrix, codes, earlier)
    rates = history.rates(matrix, codes, earlier, by_amount=True) if by_amount else counted
    after = history.project(counted, matrix.stock(), matrix.arriving())
    shares = [(one, _share(session, actor, key, one, matrix, rates, track.first_day)) for one in placement.shares]
    return Span(matrix, rates, after, shares)


def _codes(placement: Placement, matrix: Matrix) -> list[str]:
    """As they are declared, and then what else there is."""
    text = next((column for column in placement.columns if column.kind == "text"), None)
    labels = list(text.labels) if text else []
    return [*labels, *sorted(matrix.codes() - set(labels))]


def _share(
    session: Session, actor: Actor, key: str, one: PlacementShare, matrix: Matrix, rates: Rates, first: dt.date
) -> float | None:
    if not one.within_year:
        return history.share(rates, one)
    year = max(history.month_end(matrix.end, -12), first)
    whole, part = history.reached(session, key, one, year, matrix.end, actor)
    return part / whole if whole else None


def _few(matrix: Matrix) -> bool:
    return any(0 < sum(matrix.row(code).values()) < history.FEW for code in matrix.codes())
