"""Watching models after their training, as the refresh does it: weekly how far the data moved, monthly whether what was said
came, and the rule in a model's place where it came true clearly less than at its test for two months.

Everything is kept once: a week and a month that have been looked at are not looked at again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Double, cast, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.auth.who import system
from kith_platform.predict import scores, versions
from kith_platform.predict.fits import stability
from kith_platform.predict.matured import JUDGED, Said, window
from kith_platform.predict.models import CHAMPION, FactScoreMonth, ModelVersion, ModelWatch, ScoreMonth
from kith_platform.predict.training import Scored

STABILITY, MATURED, FALLBACK = "stability", "matured", "fallback"
WAITING = "waiting"
RULE = "rule"  # the tier of what no model said
MOST_FALL = 0.05  # of the AUC at training, in two months that follow one another (domain rule D0)


def rows(session: Session, task: str, version: int, kind: str) -> Sequence[ModelWatch]:
    """What was noted of a version, oldest first."""
    own = (ModelWatch.task == task, ModelWatch.version == version, ModelWatch.kind == kind)
    return session.execute(select(ModelWatch).where(*own).order_by(ModelWatch.day)).scalars().all()


def monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def is_seen(session: Session, row: ModelVersion, as_of: dt.date) -> bool:
    """Whether the day's week was looked at already, or there is nothing to hold it against."""
    key = (ModelWatch.task == row.task, ModelWatch.version == row.version, ModelWatch.kind == STABILITY)
    there = select(ModelWatch.day).where(*key, ModelWatch.day == monday(as_of))
    return not row.report.get("stability") or session.execute(there).first() is not None


def look(session: Session, row: ModelVersion, scored: Scored, as_of: dt.date) -> None:
    """Keep how far today's features and scores have moved since the version's training, once a week."""
    if not scored.values.size or is_seen(session, row, as_of):
        return
    found = stability.against(row.report["stability"], scored.values, scored.tier, scored.columns(row.features))
    numbers = {**found, "as_of": as_of.isoformat()}
    _note(session, row, STABILITY, monday(as_of), numbers)


def begin(session: Session, task: str, month: dt.date, subject: str = scores.CUSTOMERS) -> None:
    """A task's scores were kept for a month: note when they can be judged. What the rule says is no model's."""
    stand = scores.stand(session, task, subject)
    if stand is None or stand.tier == RULE:
        return
    one = select(ModelVersion).where(ModelVersion.task == task, ModelVersion.version == stand.version)
    row = session.execute(one).scalar_one_or_none()
    if row is None:
        return
    start, end = window(stand.as_of, row.parameters)
    days = {"as_of": stand.as_of.isoformat(), "start": start.isoformat(), "end": end.isoformat()}
    _note(session, row, MATURED, month, {"state": WAITING, **days})


def due(session: Session, task: str, cutoff: dt.date) -> list[ModelWatch]:
    """Months whose window is over before `cutoff` and which nobody has judged, oldest first."""
    own = (ModelWatch.task == task, ModelWatch.kind == MATURED, ModelWatch.numbers["state"].astext == WAITING)
    over = ModelWatch.numbers["end"].astext <= cutoff.isoformat()
    return list(session.execute(select(ModelWatch).where(*own, over).order_by(ModelWatch.day)).scalars())


def said(session: Session, month: ModelWatch, subject: str = scores.CUSTOMERS) -> Said:
    """What was said when the month began."""
    one: Any = ScoreMonth if subject == scores.CUSTOMERS else FactScoreMonth
    who, purchases = (one.customer_id, one.expected) if one is ScoreMonth else (one.row_id, cast(None, Double))
    kept = select(who, one.value, purchases).where(one.task == month.task, one.month == month.day).order_by(who)
    found = session.execute(kept).all()
    ids = np.array([row[0] for row in found], dtype=np.int64)
    values, expected = (np.array([row[place] for row in found], dtype=np.float64) for place in (1, 2))
    start, end = (dt.date.fromisoformat(month.numbers[name]) for name in ("start", "end"))
    return Said(ids, values, expected, start, end)


def keep(session: Session, task: str, found: Iterable[tuple[ModelWatch, dict[str, Any]]]) -> None:
    """Keep what came of a task's months, and let the rule serve where the last two that could be judged were bad.

    In the caller's transaction: the months, the state of the version and the record of it stand together or not at all.
    """
    for month, came in found:
        own = (ModelWatch.task == task, ModelWatch.version == month.version, ModelWatch.kind == MATURED)
        values = {"numbers": {**month.numbers, **came}}
        session.execute(update(ModelWatch).where(*own, ModelWatch.day == month.day).values(values))
    if (row := versions.champion(session, task)) is not None:
        _fall_back(session, row)


def _fall_back(session: Session, row: ModelVersion) -> None:
    then = row.metrics.get("auc")
    before = [one.day for one in rows(session, row.task, row.version, FALLBACK)]
    # Months that have taken the model from service once do so no second time: a person may have let it serve again.
    new = [one for one in rows(session, row.task, row.version, MATURED) if not before or one.day > before[-1]]
    told = [one for one in new if one.numbers["state"] == JUDGED and one.numbers.get("auc") is not None][-2:]
    if then is None or len(told) < 2 or any(one.numbers["auc"] >= then - MOST_FALL for one in told):
        return
    if not versions.retire(session, row):
        return
    why = {
        "months": [one.day.isoformat() for one in told],
        "auc": [one.numbers["auc"] for one in told],
        "auc_at_training": then,
    }
    _note(session, row, FALLBACK, told[-1].day, why)
    record(session, system(), "model:fell_back", f"model:{row.public_id}", {"task": row.task, "version": row.version, **why})


def fallbacks(session: Session) -> dict[str, ModelWatch]:
    """By task, the fallback by which the rule serves now: none was trained since, and nobody let a model serve again."""
    serving = select(ModelVersion.task).where(ModelVersion.state == CHAMPION)
    found = select(ModelWatch).where(ModelWatch.kind == FALLBACK, ModelWatch.task.not_in(serving)).order_by(ModelWatch.noted_at)
    last = {row.task: row for row in session.execute(found).scalars()}
    trained = select(ModelVersion.task, ModelVersion.trained_at).where(ModelVersion.task.in_(last))
    later = {task for task, at in session.execute(trained) if at > last[task].noted_at}
    return {task: row for task, row in last.items() if task not in later}


def latest_week(session: Session, row: ModelVersion) -> ModelWatch | None:
    """How far the data had moved when a version was looked at last."""
    found = rows(session, row.task, row.version, STABILITY)
    return found[-1] if found else None


def _note(session: Session, row: ModelVersion, kind: str, day: dt.date, numbers: dict[str, Any]) -> None:
    new = insert(ModelWatch).values(task=row.task, version=row.version, kind=kind, day=day, numbers=numbers)
    session.execute(new.on_conflict_do_nothing())
