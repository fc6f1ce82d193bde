"""Keeping and reading scores. A refresh rewrites only what changed; customers no longer scored lose theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Date, Double, cast, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.predict import versions
from kith_platform.predict.models import FactScore, FactScoreMonth, Score, ScoreMonth
from kith_platform.predict.training import Scored
from kith_tenants.context import tenant_id_of

BATCH = 2_000
CUSTOMERS = "customers"


@dataclass(frozen=True)
class Stand:
    """Which version the kept scores of a task are by, as of which day, and the tier that said them."""

    version: int
    as_of: dt.date
    tier: str


def _table(subject: str) -> type[Score] | type[FactScore]:
    return Score if subject == CUSTOMERS else FactScore


def stand(session: Session, task: str, subject: str = CUSTOMERS) -> Stand | None:
    """None while nobody is scored."""
    kept = _table(subject)
    found = session.execute(select(kept.version, kept.as_of, kept.tier).where(kept.task == task).limit(1)).first()
    return Stand(*found) if found else None


def keep(session: Session, task: str, scored: Scored, *, version: int, as_of: dt.date, subject: str = CUSTOMERS) -> int:
    """Store one task's scores of its `subject` in the caller's transaction. Returns how many customers or rows are scored."""
    hold(session, task)
    kept = _table(subject)
    of = {} if kept is Score else {"subject": subject}
    key = "customer_id" if kept is Score else "row_id"
    for rows in _batches(task, scored, version, as_of, key, of):
        statement = insert(kept).values(rows)
        new = {name: statement.excluded[name] for name in ("value", "band", "tier", "as_of", "version", "extra", "reasons")}
        changed = kept.value.is_distinct_from(statement.excluded.value) | (kept.version != version) | (kept.as_of != as_of)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "task", key],
                set_={**new, "changed_at": func.now()},
                where=changed,
            )
        )
    # Whoever was not scored this time has left the population: an old score would be read as today's.
    session.execute(delete(kept).where(kept.task == task, (kept.version != version) | (kept.as_of != as_of)))
    return int(scored.customer_ids.size)


def hold(session: Session, task: str) -> None:
    """Wait until nobody else writes the task's scores, and let nobody until the transaction ends: they are one version's."""
    name = func.hashtextextended(f"scores of {task} of {tenant_id_of(session)}", 0)
    session.execute(select(func.pg_advisory_xact_lock(name)))


def _batches(
    task: str, scored: Scored, version: int, as_of: dt.date, key: str, of: dict[str, str]
) -> Iterator[list[dict[str, Any]]]:
    bands = tenths(scored.extra.get(scored.ranked, scored.values))
    for start in range(0, scored.customer_ids.size, BATCH):
        yield [
            {
                "task": task,
                key: int(scored.customer_ids[row]),
                **of,
                "value": float(scored.values[row]),
                "band": int(bands[row]),
                "tier": scored.tiers[row] if scored.tiers else scored.tier,
                "as_of": as_of,
                "version": version,
                "extra": {
                    name: round(float(column[row]), 6) for name, column in scored.extra.items() if not np.isnan(column[row])
                },
                "reasons": scored.reasons[row] if scored.reasons else [],
            }
            for row in range(start, min(start + BATCH, scored.customer_ids.size))
        ]


def tenths(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The tenth of customers a value falls into, 1 the highest; equal values by position."""
    rank = np.empty(values.size, dtype=np.int64)
    rank[np.argsort(-values, kind="stable")] = np.arange(values.size)
    return 1 + rank * 10 // max(values.size, 1)


def of_customers(session: Session, customer_ids: Sequence[int]) -> dict[int, dict[str, Score]]:
    """Scores by customer, then task."""
    found: dict[int, dict[str, Score]] = {customer: {} for customer in customer_ids}
    for row in session.execute(select(Score).where(Score.customer_id.in_(customer_ids))).scalars():
        found[row.customer_id][row.task] = row
    return found


def serving(session: Session, task: str) -> dict[int, float]:
    """What the model of a task says now, by customer; nothing where none serves."""
    if versions.champion(session, task) is None:
        return {}
    rows = session.execute(select(Score.customer_id, Score.value).where(Score.task == task))
    return {customer: value for customer, value in rows}  # noqa: C416 - rows are not typed as pairs


def of_rows(session: Session, task: str, row_ids: Sequence[int]) -> dict[int, FactScore]:
    """A task's scores of rows of its fact, by row."""
    statement = select(FactScore).where(FactScore.task == task, FactScore.row_id.in_(row_ids))
    return {row.row_id: row for row in session.execute(statement).scalars()}


def month_of(day: dt.date) -> dt.date:
    return day.replace(day=1)


def freeze(session: Session, task: str, day: dt.date, subject: str = CUSTOMERS) -> int:
    """Keep the task's scores as those with which the day's month began, where none are kept yet; how many."""
    month, of_customers = month_of(day), subject == CUSTOMERS
    kept: Any = ScoreMonth if of_customers else FactScoreMonth
    if session.execute(select(kept.value).where(kept.task == task, kept.month == month).limit(1)).first() is not None:
        return 0
    hold(session, task)
    own = (literal(task), literal(month, Date))
    if of_customers:
        expected = cast(Score.extra["expected_purchases"].astext, Double)
        columns, names = select(*own, Score.customer_id, Score.value, expected), ["customer_id", "value", "expected"]
    else:
        columns, names = select(*own, FactScore.row_id, FactScore.subject, FactScore.value), ["row_id", "subject", "value"]
    found = columns.where(_table(subject).task == task)
    return len(session.execute(insert(kept).from_select(["task", "month", *names], found).returning(kept.value)).all())
