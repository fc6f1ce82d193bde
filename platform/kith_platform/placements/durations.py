"""How long customers keep a code: Kaplan–Meier medians over the history of moves (domain C4)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kith_platform.i18n import N_
from kith_platform.placements.models import PlacementMove
from kith_platform.sdk.types import Placement, PlacementFigure

HALF = 0.5
Spell = tuple[int, bool, int]  # days, whether it is over, how many customers

STAY = PlacementFigure(
    key="stay",
    title=N_("How long customers stay there: median days"),
    shape="bars",
    compute=lambda _scope: (),  # from the history, when the moves are stored
    unit="days",
    note=N_("Kaplan–Meier, from the moves since the history began. No bar: fewer than half have left it so far."),
)


def stays(session: Session, placement: Placement, until: dt.date) -> list[dict[str, Any]]:
    """code, name, value (median days or None), customers, over: of each code into which somebody moved, as declared.

    Who had a code when the history began is left out: nobody knows since when.
    """
    text = next((column for column in placement.columns if column.kind == "text"), None)
    labels: Mapping[str, str] = text.labels if text else {}
    found = _spells(session, placement.key, until)
    return [
        {
            "code": code,
            "name": labels.get(code, code),
            "value": median(found[code]),
            "customers": sum(count for _, _, count in found[code]),
            "over": sum(count for _, over, count in found[code] if over),
        }
        for code in (*labels, *sorted(found.keys() - set(labels)))
        if code in found
    ]


def _spells(session: Session, key: str, until: dt.date) -> dict[str, list[Spell]]:
    move = PlacementMove
    ended = func.lead(move.moved_on).over(partition_by=move.customer_id, order_by=move.id)
    moves = (
        select(move.to_code.label("code"), move.moved_on.label("began"), ended.label("ended")).where(move.key == key).subquery()
    )
    days = func.greatest(func.coalesce(moves.c.ended, until) - moves.c.began, 0)
    over = moves.c.ended.is_not(None)
    statement = select(moves.c.code, days, over, func.count()).where(moves.c.code != "").group_by(moves.c.code, days, over)
    found: dict[str, list[Spell]] = defaultdict(list)
    for code, length, done, count in session.execute(statement):
        found[code].append((length, done, count))
    return found


def median(spells: Iterable[Spell]) -> float | None:
    """The first day by which, by Kaplan–Meier, half are over; None while more than half go on.

    >>> median([(10, True, 1), (20, True, 1), (30, False, 1), (40, True, 1)])
    20.0
    >>> median([(10, True, 1), (20, False, 2)]) is None
    True
    """
    rows = sorted(spells)
    at_risk, share = sum(count for _, _, count in rows), 1.0
    for day in sorted({days for days, _, _ in rows}):
        here = [(over, count) for days, over, count in rows if days == day]
        share *= 1 - sum(count for over, count in here if over) / at_risk
        if share <= HALF + 1e-12:
            return float(day)
        at_risk -= sum(count for _, count in here)
    return None
