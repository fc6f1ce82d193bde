"""The stored values of people and teams over a period, put together per person whom facts name in several ways."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from kith_platform.metrics import store
from kith_platform.metrics.grains import REP, UNIT
from kith_platform.metrics.models import MetricValue
from kith_platform.opportunities import reps
from kith_platform.opportunities.reps import Staff
from kith_platform.sdk.types import Period
from kith_tenants.context import Actor, Reach

Figures = Mapping[str, MetricValue]  # by the metric's key


@dataclass(frozen=True)
class People:
    """Whom the actor may see, and what each is called. `seen` is None where everybody is."""

    staff: Staff
    seen: frozenset[str] | None

    def person(self, rep: str) -> str:
        """One name for all ways by which facts call a person: the address by which Kith writes them, else as it is."""
        ways = self.staff.ways(rep)
        return next((way for way in ways if way in self.staff.emails), rep)

    def ways(self, person: str) -> list[str]:
        return self.staff.ways(person)

    def may_see(self, rep: str) -> bool:
        return self.seen is None or rep in self.seen


def people(session: Session, actor: Actor) -> People:
    seen = None if actor.reach is Reach.ALL else frozenset(reps.mine(session, actor))
    return People(reps.staff(session), seen)


def of_people(session: Session, known: People, keys: Collection[str], period: Period) -> dict[str, dict[str, MetricValue]]:
    """By person and metric. Of one whom facts name in two ways the value of more cases counts."""
    found: dict[str, dict[str, MetricValue]] = {}
    for value in store.of_grain(session, keys, [period], REP, known.seen):
        own = found.setdefault(known.person(value.unit), {})
        if value.key not in own or own[value.key].n < value.n:
            own[value.key] = value
    return found


def of_teams(session: Session, actor: Actor, keys: Collection[str], period: Period) -> dict[str, dict[str, MetricValue]]:
    """By team and metric."""
    seen = None if actor.reach is Reach.ALL else reps.units(session, actor)
    found: dict[str, dict[str, MetricValue]] = {}
    for value in store.of_grain(session, keys, [period], UNIT, seen):
        found.setdefault(value.unit, {})[value.key] = value
    return found


def behind(value: MetricValue | None, what: str) -> float | None:
    """A number behind a value, by what it is."""
    for row in value.rows if value is not None else ():
        if row.get("what") == what:
            return next((float(row[kind]) for kind in ("money", "share", "count", "number") if kind in row), None)
    return None


def by_month(values: Sequence[MetricValue], places: Sequence[Period], what: str = "") -> list[float | None]:
    """One metric's values (or the number `what` behind them) in the order of `places`; several of one month are added up."""
    found: dict[Period, float] = {}
    for value in values:
        number = behind(value, what) if what else value.value
        if number is not None:
            place = Period(value.period_start, value.period_end)
            found[place] = found.get(place, 0.0) + number
    return [found.get(place) for place in places]
