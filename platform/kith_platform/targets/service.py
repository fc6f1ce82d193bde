"""Use cases of targets: those that count, what they were before, setting one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from kith_platform.audit.service import record
from kith_platform.errors import FieldError, Forbidden, Invalid
from kith_platform.facts import entering
from kith_platform.facts.models import Product, Target
from kith_platform.facts.sales import TARGET
from kith_platform.i18n import N_
from kith_platform.opportunities import paging, products, reps
from kith_platform.opportunities.paging import PAGE, Page
from kith_platform.opportunities.service import too_long
from kith_tenants.context import Actor, Reach, tenant_of

SALES, WON, NEW_CUSTOMERS, TICKETS = "sales", "won", "new_customers", "tickets"
KINDS = (SALES, WON, NEW_CUSTOMERS, TICKETS)
MONEY = (SALES, WON)
SPANS = {"month": 1, "quarter": 3, "year": 12}
GRAINS = ("rep", "unit", "product_id", "channel")
EARLIEST, LATEST = 2000, 2100


@dataclass(frozen=True)
class Filter:
    """Targets that touch the days from `start` to `end`; `kind` and `rep` narrow where they are not empty."""

    start: dt.date
    end: dt.date
    kind: str = ""
    rep: str = ""


def period(span: str, year: int, number: int = 1) -> tuple[dt.date, dt.date]:
    """First and last day of a month (`number` 1 to 12), quarter (1 to 4) or year. Raises Invalid."""
    months = SPANS.get(span)
    if months is None:
        raise Invalid(fields=[FieldError("span", N_("Choose one of the values of the list."))])
    if not EARLIEST <= year <= LATEST or not 1 <= number <= 12 // months:
        raise Invalid(fields=[FieldError("year", N_("There is no such period. Give the year with four digits."))])
    first = dt.date(year, (number - 1) * months + 1, 1)
    beyond = dt.date(year + (first.month + months > 12), (first.month + months - 1) % 12 + 1, 1)
    return first, beyond - dt.timedelta(days=1)


def page(session: Session, actor: Actor, wanted: Filter, *, after: str = "", before: str = "", limit: int = PAGE) -> Page:
    """(Target, Product or None) by period, the latest first: of each the version that counts."""
    newest = aliased(Target, current().subquery("newest"))
    statement = select(newest, Product).outerjoin(Product, Product.id == newest.product_id)
    statement = statement.where(newest.occurred_on <= wanted.end, newest.ends_on >= wanted.start)
    if wanted.kind:
        statement = statement.where(newest.kind == wanted.kind)
    if wanted.rep:
        rep = reps.own(session, actor) if wanted.rep == "me" else wanted.rep
        statement = statement.where(newest.rep.in_(reps.staff(session).ways(rep)))
    statement = _seen(session, statement, newest, actor)
    return paging.page(session, statement, newest.occurred_at, newest.id, after=after, before=before, limit=limit)


def current() -> Select[Any]:
    """Of each target the row set last. Rows that a file brought without a time count from when they became known."""
    same = (Target.kind, Target.occurred_on, Target.ends_on, *(getattr(Target, name) for name in GRAINS))
    last = func.coalesce(Target.set_at, Target.known_at)
    return select(Target).ext(distinct_on(*same)).order_by(*same, last.desc(), Target.id.desc())


def former(session: Session, rows: Sequence[Any]) -> dict[int, list[Any]]:
    """What each of these targets was before, by its id, the newest first."""
    if not rows:
        return {}
    now, old = aliased(Target), aliased(Target)
    same = [getattr(old, name).is_not_distinct_from(getattr(now, name)) for name in ("kind", "occurred_on", "ends_on", *GRAINS)]
    statement = select(now.id, old).join(old, and_(*same)).where(now.id.in_([row.id for row in rows]), old.id != now.id)
    found: dict[int, list[Any]] = {}
    for number, row in session.execute(statement.order_by(func.coalesce(old.set_at, old.known_at).desc(), old.id.desc())):
        found.setdefault(number, []).append(row)
    return found


def put(session: Session, actor: Actor, given: Mapping[str, Any]) -> Any:
    """Set a target: `starts_on`, `ends_on`, `kind`, `amount`, and of whom: `rep`, `unit`, `product`, `channel`; none of them
    means the whole company. One that was there is kept as a former version; the same amount again changes nothing.

    Money is in `currency`, else the company's. Raises Forbidden, or Invalid with an error per field.
    """
    if not actor.can("sales:manage"):
        raise Forbidden
    values = _checked(session, given)
    product = values["product"]
    wanted = {**values, "product_id": product.id if product is not None else None}
    before = _standing(session, wanted)
    same_money = before is not None and (before.currency or None) == (values["currency"] or None)
    if before is not None and before.amount == values["amount"] and same_money:
        return before
    row = entering.enter(session, actor, TARGET, {**values, "set_at": dt.datetime.now(dt.UTC)})
    detail = {"kind": row.kind, "before": str(before.amount) if before is not None else None, "after": str(row.amount)}
    record(session, actor, "target:set", f"target:{row.occurred_on}", {**detail, "owner": row.rep or row.unit})
    return row


def _standing(session: Session, wanted: Mapping[str, Any]) -> Any:
    statement = current().where(
        Target.kind == wanted["kind"],
        Target.occurred_on == wanted["starts_on"],
        Target.ends_on == wanted["ends_on"],
        *(getattr(Target, name).is_not_distinct_from(wanted[name]) for name in GRAINS),
    )
    return session.execute(statement).scalars().first()


def _checked(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: str(given.get(name) or "").strip() or None for name in ("rep", "unit", "channel", "currency")}
    errors = too_long(texts, texts)
    kind = given.get("kind")
    if kind not in KINDS:
        errors.append(FieldError("kind", N_("Choose one of the values of the list.")))
    days = {name: _day(given.get(name), name, errors) for name in ("starts_on", "ends_on")}
    if days["starts_on"] and days["ends_on"] and days["ends_on"] < days["starts_on"]:
        errors.append(FieldError("ends_on", N_("The last day lies before the first.")))
    amount = _amount(given.get("amount"))
    if amount is None:
        errors.append(FieldError("amount", N_("Give a number above 0.")))
    product = None
    try:
        product = products.find(session, given.get("product"))
    except Invalid as wrong:
        errors += wrong.fields
    if errors:
        raise Invalid(fields=errors)
    currency = (texts["currency"] or tenant_of(session).currency).upper() if kind in MONEY else None
    return {**texts, **days, "kind": kind, "amount": amount, "product": product, "currency": currency}


def _day(given: Any, name: str, errors: list[FieldError]) -> dt.date | None:
    if isinstance(given, dt.date):
        return given
    try:
        return dt.date.fromisoformat(str(given or ""))
    except ValueError:
        errors.append(FieldError(name, N_("Give a day, such as 2026-12-31.")))
        return None


def _amount(given: Any) -> Decimal | None:
    try:
        number = Decimal(str(given).strip())
    except InvalidOperation:
        return None
    return number.quantize(Decimal("0.0001")) if number.is_finite() and 0 < number < 10**14 else None


def _seen(session: Session, statement: Select[Any], target: Any, actor: Actor) -> Select[Any]:
    """Who does not see all customers sees the targets of the people whose work they see, and of their units."""
    if actor.reach is Reach.ALL:
        return statement
    mine = target.rep.in_(reps.mine(session, actor))
    units = target.rep.is_(None) & target.unit.in_(reps.units(session, actor))
    return statement.where(or_(mine, units))
