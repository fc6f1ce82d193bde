"""Data quality as pages, programs and the command line read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.errors import fill
from kith_platform.quality import issues, lift, store
from kith_platform.quality.fields import FIELDS
from kith_platform.quality.issues import Issue
from kith_platform.quality.measures import INDEX, METRICS
from kith_platform.quality.models import QualityRun
from kith_platform.quality.required import required
from kith_platform.quality.store import Key
from kith_platform.sdk.types import QualityReading
from kith_tenants.context import Actor

SHOWN_DAYS = 365
COMPARED_DAYS = 30
FORMER = dt.timedelta(days=COMPARED_DAYS)
Line = Sequence[tuple[dt.date, float | None]]


@dataclass(frozen=True)
class Overview:
    """What the last refresh read: `readings` by (metric, source, field); `sources` in order, those with most records first."""

    run: QualityRun | None
    readings: Mapping[Key, QualityReading]
    sources: tuple[str, ...]

    def value(self, metric: str, source: str = "", field: str = "") -> float | None:
        found = self.readings.get((metric, source, field))
        return found.value if found else None


def overview(session: Session) -> Overview:
    """The newest readings of every source and field."""
    run = session.execute(select(QualityRun)).scalar_one_or_none()
    found = {(one.metric, one.source, one.field): one for one in store.latest(session, *METRICS)}
    records = {source: one.whole for (metric, source, field), one in found.items() if metric == "uniqueness" and source}
    return Overview(run, found, tuple(sorted(records, key=lambda source: (-records[source], source))))


def trend(session: Session, run: QualityRun, source: str = "", field: str = "") -> dict[str, Line]:
    """Per measure its line over a year: (day, value) of each change, and of the last day once more."""
    since = run.day - dt.timedelta(days=SHOWN_DAYS)
    keys = [(metric, source, field) for metric in METRICS]
    lines = store.history(session, keys, since)
    return {key[0]: [*line, (run.day, line[-1][1])] if line and line[-1][0] < run.day else line for key, line in lines.items()}


def at(line: Line, day: dt.date) -> float | None:
    """What a line said on a day."""
    return next((value for then, value in reversed(line) if then <= day), None)


def document(session: Session, actor: Actor, *, now: dt.datetime) -> dict[str, Any]:
    """Everything as JSON: readings, issues, and what filling fields would bring. Words in English."""
    found = overview(session)
    return {
        "as_of": found.run.as_of.isoformat() if found.run else None,
        "read_at": found.run.read_at.isoformat() if found.run else None,
        "records": found.run.records if found.run else 0,
        "customers": found.run.customers if found.run else 0,
        "required": list(required(session)),
        "index": found.value(INDEX),
        "measures": [
            {"metric": key[0], "source": key[1], "field": key[2], "value": one.value, "part": one.part, "whole": one.whole}
            for key, one in sorted(found.readings.items())
        ],
        "issues": [_issue(one) for one in issues.listed(session, actor, now=now)],
        "lifts": [_lift(row) for row in lift.rows(session)],
    }


def _issue(one: Issue) -> dict[str, Any]:
    return {
        "code": one.code,
        "subject": one.subject,
        "severity": one.severity,
        "title": fill(one.title, dict(one.params)),
        "harms": one.harms,
        "count": one.count,
        "more": one.more,
        "unit": one.unit,
        "share": one.share,
    }


def _lift(row: Any) -> dict[str, Any]:
    about = lift.of(row)
    return {
        "model": row.task,
        "version": row.version,
        "field": row.field,
        "customers": row.customers,
        "filled": row.filled,
        "weight": row.weight,
        "about": about.about if about else None,
        "low": about.low if about else None,
        "high": about.high if about else None,
        "reason": row.reason or None,
    }


def fields_of(found: Overview, source: str) -> list[str]:
    """The fields of which a source has a reading, in the order of FIELDS."""
    return [name for name in FIELDS if ("completeness", source, name) in found.readings]
