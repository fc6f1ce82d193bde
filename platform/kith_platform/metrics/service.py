"""Which metrics a company has, what they are worth, and what they were worth before."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.metrics import store
from kith_platform.metrics.engine import Offered
from kith_platform.metrics.models import MetricPeriod, MetricValue
from kith_platform.metrics.periods import before, change, covered, month, months
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.predict.models import Score
from kith_platform.sdk.types import Metric, Period
from kith_tenants.context import Actor, visible

if TYPE_CHECKING:
    from kith_platform.jobs.models import Job

PEOPLE = Customer.__table__.c
KIND = "metrics.compute"
COMPARED = {"mom": 1, "yoy": 12}  # months back


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
    return sum(way is not None for way in (metric.formula, metric.compute, metric.over)) == 1


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
    """Stands for what values depend on beside the data: the modules that are on, as they are set, and the scores there are."""
    on = sorted(modules.enabled(session, plugins))
    said = [(name, plugins[name].manifest.version, sorted(modules.settings_of(session, plugins, name).items())) for name in on]
    scores = session.execute(
        select(Score.task, func.max(Score.version), func.max(Score.as_of), func.count()).group_by(Score.task).order_by(Score.task)
    )
    return hashlib.sha256(repr((said, [tuple(row) for row in scores])).encode()).hexdigest()


def shown(session: Session, found: Sequence[Offered], period: Period) -> list[Shown]:
    """Each metric over the period, with its comparisons."""
    keys = [one.metric.key for one in found]
    noted = store.noted(session, period)
    until = noted.until if noted is not None and noted.partial else None
    compared = {name: _compared(period, until, back) for name, back in COMPARED.items()}
    values = store.values(session, keys, [period, *compared.values()])
    return [
        Shown(
            one.plugin,
            one.metric,
            period,
            values.get((one.metric.key, period)),
            {name: values.get((one.metric.key, other)) for name, other in compared.items()},
        )
        for one in found
    ]


def series(session: Session, keys: Collection[str], period: Period) -> dict[str, list[tuple[Period, MetricValue | None]]]:
    """Per key the months up to that of the period, oldest first."""
    places = months(period.start)
    values = store.values(session, keys, places)
    return {key: [(place, values.get((key, place))) for place in places] for key in keys}


def _compared(period: Period, until: dt.date | None, back: int) -> Period:
    part = period if until is None else covered(period, until, until)
    return before(period if part is None else Period(part.start, part.end), months_back=back)


def comparisons(period: Period, until: dt.date, today: dt.date) -> list[Period]:
    """The periods that the period's value is compared with."""
    part = covered(period, until, today)
    if part is None:
        return []
    return [before(Period(part.start, part.end), months_back=back) for back in COMPARED.values()]


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


def ask_period(session: Session, actor: Actor | None, period: Period) -> Job:
    """Ask for all metrics over a period that a refresh does not keep. An active request for the same is returned instead."""
    from kith_platform.jobs import service as jobs

    args = {"start": period.start.isoformat(), "end": period.end.isoformat()}
    asked_by = actor.member_id if actor else None
    return jobs.ask(session, KIND, args, dedupe_key=f"{period.start}:{period.end}", queue="interactive", asked_by=asked_by)
