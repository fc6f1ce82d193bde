"""The clock of a ticket: it runs in business time and stands while we wait for the customer, or while the ticket is solved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kith_platform.calendar.business import BusinessCalendar

NEW, OPEN, WAITING, SOLVED, CLOSED = "new", "open", "waiting", "solved", "closed"
STATES = (NEW, OPEN, WAITING, SOLVED, CLOSED)
RUNS = frozenset({NEW, OPEN})  # states in which the clock runs
DUE = ("reply_due_at", "sla_due_at")


@dataclass(frozen=True)
class Standing:
    """How a ticket stands: what is due next (`reply`, `solution` or nothing), when, and whether that is over."""

    state: str
    what: str
    due: dt.datetime | None
    overdue: bool


def state_of(row: Any) -> str:
    """A ticket's state; files often leave it empty."""
    return row.status or (SOLVED if row.resolved_at is not None else OPEN)


def standing(row: Any, now: dt.datetime) -> Standing:
    """What is due next of a ticket at `now`: the earlier of first reply and solution. Nothing while the clock stands."""
    state = state_of(row)
    if state not in RUNS:
        return Standing(state, "", None, False)
    due = [("solution", row.sla_due_at)] if row.sla_due_at else []
    if row.first_reply_at is None and row.reply_due_at:
        due.append(("reply", row.reply_due_at))
    if not due:
        return Standing(state, "", None, False)
    what, when = min(due, key=lambda one: one[1])
    return Standing(state, what, when, when < now)


def promised(
    calendar: BusinessCalendar, opened: dt.datetime, reply: int, solve: int, stopped: float = 0.0
) -> dict[str, dt.datetime]:
    """When a ticket opened at `opened` is due, the clock having stood for `stopped` business minutes since."""
    return {"reply_due_at": calendar.add(opened, reply), "sla_due_at": calendar.add(opened, solve + stopped)}


def later(calendar: BusinessCalendar, row: Any, since: dt.datetime, now: dt.datetime) -> dict[str, dt.datetime]:
    """The due times that move because the clock stood from `since` to `now`. What has no due time gets none."""
    stood = calendar.minutes(since, now)
    wanted = DUE if row.first_reply_at is None else ("sla_due_at",)
    return {name: calendar.add(getattr(row, name), stood) for name in wanted if getattr(row, name) is not None and stood > 0}


def stopped(calendar: BusinessCalendar, history: Sequence[Any], now: dt.datetime) -> float:
    """Business minutes for which the clock stood, by the changes of status in order of time."""
    return sum(calendar.minutes(start, end) for start, end in _stood(history, now))


def _stood(history: Sequence[Any], now: dt.datetime) -> Iterable[tuple[dt.datetime, dt.datetime]]:
    ends = [one.occurred_at for one in history[1:]] + [now]
    for one, end in zip(history, ends, strict=True):
        if one.status not in RUNS:
            yield one.occurred_at, end
