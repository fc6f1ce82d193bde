"""Who attains their targets: actual against what is due by now, the gap in money, and what the pipeline may add (S56)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from kith_platform.customers.figures import today
from kith_platform.dashboards import figures
from kith_platform.dashboards.figures import Figures
from kith_platform.dashboards.readiness import last_day
from kith_platform.metrics import store
from kith_platform.metrics.grains import WHOLE
from kith_platform.sdk.types import Period
from kith_platform.targets import attainment, service
from kith_platform.targets.service import Filter
from kith_tenants.context import Actor, Reach

ATTAINED, PIPELINE = "cim.sal.attainment", "cim.sal.weighted_pipeline"
NO_TEAM, NOT_COUNTED, NOTHING = "no_team", "not_counted", "nothing"
LOOKED_AT, LISTED = 500, 50


@dataclass(frozen=True)
class Line:
    """Whose targets of the period: money in the company's currency. `due` is the part that the working days so far make,
    `whole` the targets as they were set; `pace` is actual ÷ due. `pipeline` is what is open now, by its chance; None where
    nothing says.
    """

    whose: str
    actual: float
    due: float
    whole: float
    pace: float
    pipeline: float | None

    @property
    def gap(self) -> float:
        return self.actual - self.due

    @property
    def foreseen(self) -> float | None:
        """The share of the whole target with the weighted pipeline on top."""
        return (self.actual + (self.pipeline or 0.0)) / self.whole if self.whole else None


def people(session: Session, actor: Actor, period: Period) -> list[Line]:
    """A line per person with a target, the furthest behind first; only those whose work the actor sees."""
    known = figures.people(session, actor)
    found = figures.of_people(session, known, (ATTAINED, PIPELINE), period)
    return _lines((known.staff.name(person), values) for person, values in found.items())


def teams(session: Session, actor: Actor, period: Period) -> list[Line]:
    """A line per team with a target of its own."""
    return _lines(figures.of_teams(session, actor, (ATTAINED,), period).items())


def company(session: Session, actor: Actor, period: Period) -> Line | None:
    """The company's own targets, else those of its teams or people together; for those who see everybody's work. Months are
    stored; of other periods that nobody asked for, the teams or people are added up.
    """
    if actor.reach is not Reach.ALL:
        return None
    stored = store.values(session, (ATTAINED, PIPELINE), [period], unit=WHOLE)
    found = _lines([("", {key: value for (key, _period), value in stored.items()})])
    if found:
        return found[0]
    alone = people(session, actor, period)
    parts, pipeline = teams(session, actor, period) or alone, stored.get((PIPELINE, period))
    if not parts:
        return None
    actual, due, whole = (sum(getattr(line, name) for line in parts) for name in ("actual", "due", "whole"))
    open_now = [line.pipeline for line in alone if line.pipeline is not None]
    expected = pipeline.value if pipeline is not None else sum(open_now) if open_now else None
    return Line("", actual, due, whole, actual / due, expected)


def _lines(every: Iterable[tuple[str, Figures]]) -> list[Line]:
    found = []
    for whose, values in every:
        attained, pipeline = values.get(ATTAINED), values.get(PIPELINE)
        actual, due, whole = (figures.behind(attained, what) for what in ("actual", "due", "whole"))
        if attained is not None and attained.value is not None and actual is not None and due and whole:
            expected = pipeline.value if pipeline is not None else None
            found.append(Line(whose, actual, due, whole, attained.value, expected))
    return sorted(found, key=lambda line: (line.gap, line.whose))


@dataclass(frozen=True)
class Silent:
    """A target (and its product) for which nothing was counted, and why: NO_TEAM, NOT_COUNTED or NOTHING."""

    row: Any
    product: Any
    why: str


def silent(session: Session, actor: Actor, period: Period) -> list[Silent]:
    """Targets of these days that have begun and have no actual yet."""
    page = service.page(session, actor, Filter(period.start, last_day(period)), limit=LOOKED_AT)
    done = attainment.of(session, [row for row, _product in page.rows])
    now = today(session)
    found = []
    for row, product in page.rows:
        actual = done[row.id].actual
        if row.occurred_on <= now and not actual:
            why = NOTHING if actual is not None else NOT_COUNTED if row.kind not in service.MONEY else NO_TEAM
            found.append(Silent(row, product, why))
    return found[:LISTED]
