"""Use cases of demand: the list and one series with its advice, asking for a new forecast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.errors import BadRequest, Forbidden, NotFound
from kith_platform.facts.models import OrderLine, Product
from kith_platform.forecasts import advice
from kith_platform.forecasts.make import COMPANY
from kith_platform.forecasts.models import DemandForecast, DemandRun
from kith_platform.forecasts.ordering import Ordering, Orderings
from kith_platform.i18n import N_
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_tenants.context import Actor, tenant_of

if TYPE_CHECKING:
    import uuid

KIND = "forecasts.make"
PAGE, MOST = 25, 200
SEASONS = 20  # families on the map


@dataclass(frozen=True)
class Advised:
    """One series with everything that follows from it. `name` is the product's or family's; `number` the product's in its
    source, `public_id` its address; both empty for families and the company. `unit_cost`: of a year's lines, else as listed.
    """

    row: DemandForecast
    name: str
    number: str
    public_id: uuid.UUID | None
    unit_cost: float | None
    ordering: Ordering
    card: advice.Card | None
    building: advice.Building | None
    peak: advice.Peak | None


@dataclass(frozen=True)
class DemandPage:
    """Series in order; `next` is what to give as `after`, None at the end."""

    rows: Sequence[Advised]
    next: str | None


def run(session: Session) -> DemandRun | None:
    """What the forecasts were last made of; None before the first."""
    return session.execute(select(DemandRun)).scalar_one_or_none()


def page(session: Session, *, code: str = "", after: str = "", limit: int = PAGE) -> DemandPage:
    """Products with a forecast, A first; of one class (A, B, C) where given. Raises BadRequest for a page key that is none."""
    statement = select(DemandForecast).where(DemandForecast.product_id.is_not(None)).order_by(DemandForecast.rank)
    if code:
        statement = statement.where(DemandForecast.code >= code, DemandForecast.code < code + "~")
    if after:
        if not after.isdecimal() or len(after) > 9:
            raise BadRequest(N_("This page key does not belong to this list. Begin again with the first page."))
        statement = statement.where(DemandForecast.rank > int(after))
    found = session.execute(statement.limit(limit + 1)).scalars().all()
    rows = advised(session, found[:limit])
    return DemandPage(rows, str(found[limit - 1].rank) if len(found) > limit else None)


def counts(session: Session) -> dict[str, int]:
    """How many products of each class letter have a forecast."""
    letter = func.substr(DemandForecast.code, 1, 1)
    statement = select(letter, func.count()).where(DemandForecast.product_id.is_not(None)).group_by(letter)
    return {row[0]: row[1] for row in session.execute(statement.order_by(letter))}


def of_product(session: Session, public_id: uuid.UUID) -> Advised:
    """Raises NotFound for a product without forecast, or of another company."""
    statement = select(DemandForecast).join(Product, Product.id == DemandForecast.product_id)
    return _one(session, session.execute(statement.where(Product.public_id == public_id)).scalar_one_or_none())


def of_typed(session: Session, typed: str) -> Advised:
    """By the product's number or its whole name. Raises NotFound."""
    statement = select(DemandForecast).join(Product, Product.id == DemandForecast.product_id)
    statement = statement.where((Product.external_id == typed) | (Product.name == typed)).order_by(DemandForecast.rank)
    return _one(session, session.execute(statement.limit(1)).scalar_one_or_none())


def of_scope(session: Session, scope: str) -> Advised:
    """A family (`family:<name>`) or the `company`. Raises NotFound."""
    return _one(session, session.execute(select(DemandForecast).where(DemandForecast.scope == scope)).scalar_one_or_none())


def _one(session: Session, row: DemandForecast | None) -> Advised:
    if row is None:
        raise NotFound(N_("There is no forecast of this. It may not have sold for a year, or nothing was forecast yet."))
    return advised(session, [row])[0]


def wholes(session: Session) -> list[DemandForecast]:
    """The company and its families, those that sold most first."""
    statement = select(DemandForecast).where(DemandForecast.product_id.is_(None)).order_by(DemandForecast.rank)
    found = session.execute(statement.limit(SEASONS + 1)).scalars().all()
    return sorted(found, key=lambda row: (row.scope != COMPANY, row.rank))


def seasonal(session: Session, limit: int) -> list[Advised]:
    """Products of the first MOST ranks with a peak ahead, the soonest to prepare first."""
    told = ("scope", "rank", "family", "code", "season", "season_years", "points", "grain", "ends_on")  # not the longest
    statement = select(*(getattr(DemandForecast, name) for name in told))
    statement = statement.where(DemandForecast.product_id.is_not(None), DemandForecast.method != "")
    statement = statement.order_by(DemandForecast.rank).limit(MOST)
    settings, today = Orderings(session), today_of(session)
    coming = []
    for row in session.execute(statement):
        peak = advice.peak(row, settings.of(row.scope, row.family, row.code), today)
        if peak is not None:
            coming.append((peak.prepare_by, row.rank, row.scope))
    chosen = [scope for _day, _rank, scope in sorted(coming)[:limit]]
    rows = session.execute(select(DemandForecast).where(DemandForecast.scope.in_(chosen))).scalars().all()
    return advised(session, sorted(rows, key=lambda row: chosen.index(row.scope)))


def advised(session: Session, rows: Sequence[DemandForecast]) -> list[Advised]:
    """The rows with names and advice, in two queries for all of them."""
    ids = [row.product_id for row in rows if row.product_id is not None]
    products: dict[int, Any] = {}
    if ids:
        products = {one.id: one for one in session.execute(select(Product).where(Product.id.in_(ids))).scalars()}
    settings, today, currency = Orderings(session), today_of(session), tenant_of(session).currency
    return [_advised(row, products.get(row.product_id or 0), settings, today, currency) for row in rows]


def _advised(row: DemandForecast, product: Any, settings: Orderings, today: dt.date, currency: str) -> Advised:
    ordering = settings.of(row.scope, row.family, row.code)
    if product is None:
        return Advised(row, row.family, "", None, None, ordering, None, None, advice.peak(row, ordering, today))
    cost = row.unit_cost
    if cost is None and product.unit_cost is not None and product.currency in (None, currency):
        cost = float(product.unit_cost)
    built = advice.building(row, ordering, cost)
    card, ahead = advice.card(row, ordering, today, cost), advice.peak(row, ordering, today, built)
    name = product.name or product.external_id
    return Advised(row, name, product.external_id, product.public_id, cost, ordering, card, built, ahead)


def today_of(session: Session) -> dt.date:
    """The company's day, or the day after the last data where that is longer than a month ago: old data are old news."""
    now = dt.datetime.now(ZoneInfo(tenant_of(session).timezone)).date()
    made = run(session)
    after = now if made is None else made.as_of + dt.timedelta(days=1)
    return after if (now - after).days > 31 else now


def missing(session: Session) -> str:
    """Why there is no forecast: `no_lines`, `not_yet`, `too_short` or `` where there is one."""
    made = run(session)
    if made is not None and made.products:
        any_points = select(DemandForecast.scope).where(DemandForecast.method != "").limit(1)
        return "" if session.execute(any_points).first() else "too_short"
    some = session.execute(select(OrderLine.id).where(OrderLine.product_id.is_not(None)).limit(1)).first()
    return "not_yet" if some else "no_lines"


def ask_forecasts(session: Session, actor: Actor | None) -> Job:
    """Ask for all forecasts anew; a job that waits or runs is returned instead. Raises Forbidden."""
    if actor is not None and not actor.can("models:train"):
        raise Forbidden
    asked = ask(session, asked_by=actor.member_id if actor else None)
    if actor is not None:
        record(session, actor, "forecast:asked", f"job:{asked.public_id.hex}")
    return asked


def ask(session: Session, *, asked_by: int | None = None) -> Job:
    """The job that makes all forecasts; one at a time."""
    return jobs.ask(session, KIND, {}, dedupe_key="forecasts", asked_by=asked_by)


def active(session: Session) -> Job | None:
    """The job that waits or runs."""
    return session.execute(
        select(Job).where(Job.kind == KIND, Job.finished_at.is_(None)).order_by(Job.id).limit(1)
    ).scalar_one_or_none()
