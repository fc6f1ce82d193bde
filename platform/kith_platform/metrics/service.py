"""Which metrics a company has, what they are worth, and what they were worth before."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kith_platform.criteria import service as criteria
from kith_platform.customers.models import Customer
from kith_platform.errors import Invalid, NotFound
from kith_platform.facts.models import Product
from kith_platform.i18n import N_
from kith_platform.metrics import store
from kith_platform.metrics.answers import Offered
from kith_platform.metrics.grains import COLUMNS, CUSTOMER, LABELS, PRODUCT, REP, SEGMENT, TENANT, UNIT, WHOLE
from kith_platform.metrics.models import MetricPeriod, MetricValue
from kith_platform.metrics.periods import change, compared, covered, month, months
from kith_platform.modules import service as modules
from kith_platform.opportunities import reps
from kith_platform.plugins import Plugins
from kith_platform.predict.models import FactScore, Score
from kith_platform.sdk.metrics import Metric, Period
from kith_platform.segments.models import Segment
from kith_tenants.context import Actor, Reach, visible

if TYPE_CHECKING:
    from kith_platform.jobs.models import Job

PEOPLE = Customer.__table__.c
KIND = "metrics.compute"


@dataclass(frozen=True)
class Shown:
    """A metric with its value over one period and what that is compared with. `value` is None before it was computed.

    `changes` and `compared` go by `mom` (the month before) and `yoy` (the year before): over a partial period, the same days.
    """

    plugin: str
    metric: Metric
    period: Period
    value: MetricValue | None
    compared: Mapping[str, MetricValue | None]

    @property
    def changes(self) -> dict[str, float | None]:
        now = self.value.value if self.value else None
        return {name: change(now, then.value if then else None) for name, then in self.compared.items()}


def catalogue(session: Session, plugins: Plugins) -> list[Offered]:
    """The metrics of the modules this company has switched on, by module, as each module orders them."""
    on = modules.enabled(session, plugins)
    settings = {name: modules.settings_of(session, plugins, name) for name in on}
    found = plugins.brought("metrics", on)
    return [Offered(plugin, metric, settings[plugin]) for plugin, metric in found if _whole(metric)]


def _whole(metric: Metric) -> bool:
    return sum(way is not None for way in (metric.formula, metric.compute, metric.over, metric.above)) == 1


def offered(session: Session, plugins: Plugins, key: str) -> Offered:
    """Raises NotFound for a key that none of the company's modules brings."""
    for one in catalogue(session, plugins):
        if one.metric.key == key:
            return one
    raise NotFound(N_("There is no metric '%(key)s' here. Switch on the module that brings it, or check the key."), key=key)


def latest_period(session: Session) -> Period | None:
    """The month of the last day any computed period covers; None before the first refresh."""
    last: dt.date | None = session.execute(select(func.max(MetricPeriod.until))).scalar_one()
    return None if last is None else month(last)


def state(session: Session, plugins: Plugins) -> str:
    """Stands for what values depend on beside the data: what measures do, and what was agreed."""
    return hashlib.sha256((measured_state(session, plugins) + agreed_state(session)).encode()).hexdigest()


def agreed_state(session: Session) -> str:
    """Stands for what indices depend on beside the metrics below them."""
    agreed = [(one.key, one.grain, one.unit, one.baseline, one.target) for one in criteria.signed(session)]
    return hashlib.sha256(repr(agreed).encode()).hexdigest()


def measured_state(session: Session, plugins: Plugins) -> str:
    """Stands for what measures depend on beside the data: modules as they are set, scores, and who is in which team."""
    on = sorted(modules.enabled(session, plugins))
    said = [(name, plugins[name].manifest.version, sorted(modules.settings_of(session, plugins, name).items())) for name in on]
    scores = [
        tuple(row)
        for one in (Score, FactScore)
        for row in session.execute(
            select(one.task, func.max(one.version), func.max(one.as_of), func.count()).group_by(one.task).order_by(one.task)
        )
    ]
    return hashlib.sha256(repr((said, scores, reps.teams(session))).encode()).hexdigest()


def shown(session: Session, found: Sequence[Offered], period: Period, grain: str = TENANT, unit: str = WHOLE) -> list[Shown]:
    """Each metric over the period, of one unit of a grain, with its comparisons."""
    keys = [one.metric.key for one in found]
    against = compared_with(session, period, grain)
    values = store.values(session, keys, [period, *against.values()], grain, unit)
    return [
        Shown(
            one.plugin,
            one.metric,
            period,
            values.get((one.metric.key, period)),
            {name: values.get((one.metric.key, other)) for name, other in against.items()},
        )
        for one in found
    ]


def series(
    session: Session, keys: Collection[str], period: Period, grain: str = TENANT, unit: str = WHOLE
) -> dict[str, list[tuple[Period, MetricValue | None]]]:
    """Per key the months up to that of the period, oldest first."""
    places = months(period.start)
    values = store.values(session, keys, places, grain, unit)
    return {key: [(place, values.get((key, place))) for place in places] for key in keys}


def compared_with(session: Session, period: Period, grain: str) -> dict[str, Period]:
    """The periods that stored values of this one are compared with: by `mom` and `yoy`, over a partial one the same days."""
    noted = store.noted(session, period, grain)
    until = noted.until if noted is not None and noted.partial else None
    part = period if until is None else covered(period, until, until)
    return compared(period, period if part is None else Period(part.start, part.end))


def comparisons(period: Period, until: dt.date, today: dt.date) -> list[Period]:
    """The periods that the period's value is compared with."""
    part = covered(period, until, today)
    return [] if part is None else list(compared(period, Period(part.start, part.end)).values())


def grain_of(name: str) -> str:
    """The grain called so. Raises Invalid."""
    if name not in LABELS:
        raise Invalid(N_("There is no grain '%(name)s'. Choose one of: %(names)s."), name=name, names=", ".join(LABELS))
    return name


@dataclass(frozen=True)
class UnitName:
    """A unit of a grain as people know it: its public id (its name where it has none), and its name."""

    unit: str
    public: str
    name: str


def unit_names(session: Session, actor: Actor | None, grain: str, units: Collection[str]) -> dict[str, UnitName]:
    """The units by what is stored; customers, people and teams only those whose work the actor may see (None: all)."""
    tables: Mapping[str, Any] = {CUSTOMER: PEOPLE, PRODUCT: Product.__table__.c, SEGMENT: Segment.__table__.c}
    if grain not in tables:
        seen = _seen(session, actor, grain)
        return {unit: UnitName(unit, unit, unit) for unit in units if seen is None or unit in seen}
    table = tables[grain]
    # A product that only lines name has no name of its own, but the source's number.
    name = func.coalesce(func.nullif(table.name, ""), table.external_id) if grain == PRODUCT else table.name
    statement: Select[Any] = select(table.id, table.public_id, name).where(table.id.in_([int(unit) for unit in units]))
    if grain == CUSTOMER and actor is not None:
        statement = visible(statement, actor, owner=PEOPLE.owner_id, unit=PEOPLE.unit_id)
    return {str(id_): UnitName(str(id_), str(public), name or "") for id_, public, name in session.execute(statement)}


def _seen(session: Session, actor: Actor | None, grain: str) -> Collection[str] | None:
    """The people or teams whose work the actor sees; None where nothing is hidden."""
    if actor is None or actor.reach is Reach.ALL or grain not in (REP, UNIT):
        return None
    return reps.mine(session, actor) if grain == REP else reps.units(session, actor)


def units_page(
    session: Session, actor: Actor, key: str, period: Period, grain: str, *, after: str, limit: int
) -> tuple[list[MetricValue], dict[str, UnitName]]:
    """A metric's values of units the actor may see, beyond `after`: up to one more than `limit`, with their names."""
    found: list[MetricValue] = []
    names: dict[str, UnitName] = {}
    while len(found) <= limit:
        batch = store.of_units(session, key, period, grain, after=after, limit=limit + 1)
        here = unit_names(session, actor, grain, [value.unit for value in batch])
        names |= here
        found += [value for value in batch if value.unit in here]
        if len(batch) <= limit:
            break
        after = batch[-1].unit
    return found[: limit + 1], names


def unit_of(session: Session, grain: str, public: str) -> str:
    """What is stored for a unit by its public id or name. Raises NotFound for an id nobody has."""
    tables: Mapping[str, Any] = {CUSTOMER: PEOPLE, PRODUCT: Product.__table__.c, SEGMENT: Segment.__table__.c}
    if grain == TENANT:
        return WHOLE
    if grain in COLUMNS and grain not in tables:
        return public
    table, words = tables[grain], N_("There is nothing here with the id '%(id)s'.")
    try:
        found = session.execute(select(table.id).where(table.public_id == uuid.UUID(public))).scalar_one_or_none()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(words, id=public)
    return str(found)


def readable_rows(session: Session, actor: Actor, value: MetricValue) -> list[dict[str, Any]]:
    """The numbers behind a value. Rows about a customer come with a `name`, and only for customers the actor may see."""
    ids = [row["customer"] for row in value.rows if "customer" in row]
    if not ids:
        return list(value.rows)
    statement: Select[Any] = select(PEOPLE.public_id, PEOPLE.name).where(PEOPLE.public_id.in_(ids))
    statement = visible(statement, actor, owner=PEOPLE.owner_id, unit=PEOPLE.unit_id)
    names = {str(public_id): name for public_id, name in session.execute(statement)}
    return [
        {**row, "name": names[row["customer"]]} if "customer" in row else dict(row)
        for row in value.rows
        if "customer" not in row or row["customer"] in names
    ]


def ask_period(session: Session, actor: Actor | None, period: Period, grain: str = TENANT, *, months: int = 0) -> Job:
    """Ask for all metrics over a period, or of a grain, that a refresh does not keep; with so many months up to the period's
    last. An active request for the same is returned instead.
    """
    from kith_platform.jobs import service as jobs

    args = {"start": period.start.isoformat(), "end": period.end.isoformat(), "grain": grain, "months": months}
    asked_by = actor.member_id if actor else None
    key = _request(period, grain, months)
    return jobs.ask(session, KIND, args, dedupe_key=key, queue="interactive", asked_by=asked_by)


def asked_period(session: Session, period: Period, grain: str = TENANT, *, months: int = 0) -> Job | None:
    """The newest request for this, whatever became of it."""
    from kith_platform.jobs.models import Job

    same = (Job.kind == KIND, Job.dedupe_key == _request(period, grain, months))
    return session.execute(select(Job).where(*same).order_by(Job.id.desc()).limit(1)).scalar_one_or_none()


def _request(period: Period, grain: str, months: int) -> str:
    return f"{grain}:{period.start}:{period.end}:{months}"
