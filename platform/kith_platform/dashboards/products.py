"""What each product sold over a period, out of the stored values of the metric that says it (domain S55)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, Select, Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from kith_platform.errors import BadRequest
from kith_platform.facts.models import Product
from kith_platform.i18n import N_
from kith_platform.metrics.grains import PRODUCT
from kith_platform.metrics.models import MetricValue
from kith_platform.sdk.types import Period

KEY = "cim.sal.product_mix"
CLASSES = tuple(abc + xyz for abc in "ABC" for xyz in "XYZ")
SORTS = ("name", "net", "share", "units", "margin", "growth", "code")
PAGE, MOST, ALL = 50, 1_000, 1_000_000
NO_COST = "margin_is_net"


@dataclass(frozen=True)
class ProductSales:
    """One product. Money is in the company's currency; `growth` is against the same days a year before, None without sales
    then; `code` is its class (AX to CZ), empty without sales in twelve months; `share` of the net of all products, and `until`
    the share of this one with all that sold more.
    """

    name: str
    number: str
    net: float
    units: float | None
    margin: float | None
    growth: float | None
    code: str
    share: float | None
    until: float | None


@dataclass(frozen=True)
class Total:
    """All products together. `no_cost`: some of them carry no cost, so that their margin is their net."""

    products: int
    net: float
    units: float
    margin: float | None
    no_cost: bool


def rows(session: Session, period: Period, *, code: str = "", sort: str = "-net", limit: int = PAGE) -> list[ProductSales]:
    """Products that sold in the period, of one class or all. `sort` is one of SORTS, "-" first for descending; what has no
    value comes last. Raises BadRequest for another sort.
    """
    every = _every(period).subquery()
    down, name = sort.startswith("-"), sort.removeprefix("-")
    if name not in SORTS:
        raise BadRequest(N_("The list cannot be sorted by '%(sort)s'. Begin again without it."), sort=sort)
    column = every.c[name]
    order = column.desc().nulls_last() if down else column.asc().nulls_last()
    statement = select(*(every.c[name] for name in ProductSales.__dataclass_fields__))
    if code:
        statement = statement.where(every.c.code == code)
    return [ProductSales(*row) for row in session.execute(statement.order_by(order, every.c.number).limit(limit))]


def matrix(session: Session, period: Period) -> dict[str, tuple[int, float]]:
    """By class: how many products, and their net."""
    every = _every(period).subquery()
    grouped = select(every.c.code, func.count(), func.sum(every.c.net)).where(every.c.code != "").group_by(every.c.code)
    return {code: (count, net) for code, count, net in session.execute(grouped)}


def total(session: Session, period: Period) -> Total:
    """The sums over all products of the period."""
    every = _every(period).subquery()
    sums = [func.coalesce(func.sum(every.c[name]), 0.0) for name in ("net", "units")]
    costless = func.coalesce(func.bool_or(every.c.no_cost), False)
    row = session.execute(select(func.count(every.c.net), *sums, func.sum(every.c.margin), costless)).one()
    return Total(*row)


def _every(period: Period) -> Select[Any]:
    value = MetricValue
    net, whole = value.value, func.nullif(func.sum(value.value).over(), 0.0)
    running = func.sum(value.value).over(order_by=(value.value.desc(), value.unit), rows=(None, 0))
    return (
        select(
            func.coalesce(func.nullif(Product.name, ""), Product.external_id).label("name"),
            Product.external_id.label("number"),
            net.label("net"),
            _figure("units", "number").label("units"),
            _figure("margin", "money").label("margin"),
            _figure("growth", "share").label("growth"),
            func.coalesce(_found("$[*] ? (exists(@.class))").op("->>")("class"), "").label("code"),
            (net / whole).label("share"),
            (running / whole).label("until"),
            value.flags.contains([NO_COST]).label("no_cost"),
        )
        .join(Product, cast(Product.id, Text) == value.unit)
        .where(
            value.grain == PRODUCT,
            value.key == KEY,
            value.period_start == period.start,
            value.period_end == period.end,
            net.is_not(None),
        )
    )


def _figure(what: str, kind: str) -> Any:
    """A number behind the value, by what it is."""
    return cast(_found(f'$[*] ? (@.what == "{what}").{kind}'), Float)


def _found(path: str) -> Any:
    return func.jsonb_path_query_first(MetricValue.rows, cast(literal(path), JSONPATH))
