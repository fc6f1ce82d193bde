"""Use cases of returns: initiatives with their figures, the rows behind them, and what people enter by hand."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Select, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from kith_platform.criteria.service import SIGN
from kith_platform.customers.models import Customer
from kith_platform.errors import FieldError, Forbidden, Invalid, NotFound
from kith_platform.facts import entering
from kith_platform.facts.models import Benefit, Cost, CustomerRecord, Initiative
from kith_platform.facts.returns import BENEFIT, COST, INITIATIVE_STARTED
from kith_platform.i18n import N_
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.returns import figures
from kith_platform.returns.figures import SHARES, Figures
from kith_platform.sdk.returns import shares_fit
from kith_tenants.context import Actor, Reach, may_see

PAGE = 50
MODULE, SETTING, RATE = "analytics_cim", "discount_rate", 0.10
KINDS: Mapping[str, Any] = {"costs": Cost, "benefits": Benefit}
CODE = 60


@dataclass(frozen=True)
class Listed:
    """An initiative with its figures. `agreed`: its success criteria were signed before it started."""

    row: Any
    figures: Figures

    @property
    def agreed(self) -> bool:
        return self.row.record_signed_at is not None and self.row.record_signed_at <= self.row.occurred_at


def discount_rate(session: Session, plugins: Plugins) -> float:
    """What the company discounts by, a year."""
    if MODULE not in plugins.loaded:
        return RATE
    found = modules.settings_of(session, plugins, MODULE).get(SETTING)
    return RATE if found is None else float(found)


def page(session: Session, plugins: Plugins, *, before: uuid.UUID | None = None, limit: int = PAGE) -> list[Listed]:
    """Initiatives, the last entered first, older than `before`; one more than `limit` when there are further ones."""
    statement = select(Initiative).order_by(Initiative.public_id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(Initiative.public_id < before)
    rows = session.execute(statement).scalars().all()
    found = figures.of_initiatives(session, [row.external_id for row in rows], discount_rate(session, plugins)) if rows else {}
    return [Listed(row, found[row.external_id]) for row in rows]


def total(session: Session, plugins: Plugins) -> Figures:
    """All initiatives together."""
    return figures.of_all(session, discount_rate(session, plugins))


def unknown(session: Session) -> list[str]:
    """Initiatives that costs or benefits name and nobody has entered or imported; the first ten."""
    named = select(Cost.initiative).where(Cost.initiative.is_not(None)).union(select(Benefit.initiative))
    known = select(Initiative.external_id)
    names = named.subquery().c[0]
    return list(session.execute(select(names).where(names.not_in(known)).order_by(names).limit(10)).scalars())


def get(session: Session, plugins: Plugins, public_id: uuid.UUID) -> Listed:
    """One initiative. Raises NotFound."""
    row = session.execute(select(Initiative).where(Initiative.public_id == public_id)).scalar_one_or_none()
    if row is None:
        raise NotFound(N_("There is no such initiative here. It may belong to another company."))
    found = figures.of_initiatives(session, [row.external_id], discount_rate(session, plugins))
    return Listed(row, found[row.external_id])


def rows(session: Session, actor: Actor, kind: str, initiative: str, *, after: str = "", limit: int = PAGE) -> Sequence[Any]:
    """Costs or benefits of an initiative, the newest first; one more than `limit` when there are further ones. `after` is
    `key_of` the last row of the page before. Costs of a customer show only to those who may see that customer.
    """
    table = KINDS[kind]
    order = (table.occurred_on, table.source, table.external_id)
    statement = select(table).where(table.initiative == initiative).order_by(*(one.desc() for one in order)).limit(limit + 1)
    if kind == "costs" and actor.reach is not Reach.ALL:
        statement = statement.where(or_(Cost.record_id.is_(None), _seen(actor).exists()))
    if after:
        statement = statement.where(tuple_(*order) < tuple_(*_key(after)))
    return session.execute(statement).scalars().all()


def _seen(actor: Actor) -> Select[Any]:
    """The customer a cost is of, where the actor may see them."""
    people: Any = Customer.__table__.c
    person = and_(Customer.tenant_id == CustomerRecord.tenant_id, Customer.id == CustomerRecord.customer_id)
    record = and_(CustomerRecord.tenant_id == Cost.tenant_id, CustomerRecord.id == Cost.record_id)
    mine = may_see(actor, owner=people.owner_id, unit=people.unit_id)
    return select(Customer.id).join(CustomerRecord, person).where(record, mine).correlate(Cost)


def key_of(row: Any) -> str:
    """Where the next page begins."""
    return f"{row.occurred_on}~{row.source}~{row.external_id}"


def _key(text: str) -> tuple[dt.date, str, str]:
    try:
        day, source, external_id = text.split("~", 2)
        return dt.date.fromisoformat(day), source, external_id
    except ValueError:
        raise NotFound from None


def add_initiative(session: Session, actor: Actor, given: Mapping[str, Any]) -> Any:
    """Enter an initiative of `name` and `started_at`, optionally `owner`, `ends_on`, `campaign`, and `code`, by which files name
    it. Raises Forbidden, Invalid, or Conflict where the code is taken.
    """
    _may(actor)
    code = str(given.get("code") or "").strip()
    if len(code) > CODE:
        raise Invalid(fields=[FieldError("code", N_("This is too long: %(most)s characters at most."), {"most": CODE})])
    values = {name: given.get(name) for name in ("name", "started_at", "owner", "ends_on", "campaign")}
    if not str(values["started_at"] or "").strip():
        raise Invalid(fields=[FieldError("started_at", N_("Fill this in."))])
    return entering.enter(session, actor, INITIATIVE_STARTED, values, external_id=code, action="initiative:created")


def add_cost(session: Session, actor: Actor, given: Mapping[str, Any]) -> Any:
    """Enter a cost of an `initiative` (external id): `spent_on`, `pool`, `amount`, optionally `currency` and `item`.

    Raises Forbidden, or Invalid with an error per field.
    """
    _may(actor)
    values = {name: given.get(name) for name in ("spent_on", "pool", "amount", "currency", "item")}
    return _enter(session, actor, COST, values, given, [])


def add_benefit(session: Session, actor: Actor, given: Mapping[str, Any]) -> Any:
    """Enter a benefit of an `initiative`: `gained_on`, `amount`, `grade`, `share_cim`, `share_cem`, `share_csm` (0.5 or 50%),
    which sum to 1, optionally `currency` and `evidence`. Raises Forbidden, or Invalid with an error per field.
    """
    _may(actor)
    values = {name: given.get(name) for name in ("gained_on", "amount", "currency", "grade", "evidence")}
    errors: list[FieldError] = []
    shares: dict[str, Decimal] = {}
    for name in SHARES:
        try:
            shares[name] = _share(given.get(name))
        except (ArithmeticError, ValueError):
            errors.append(FieldError(name, N_("This is not a share. Write 0.5 or 50%.")))
    if len(shares) == len(SHARES) and not shares_fit({name: float(share) for name, share in shares.items()}):
        params: dict[str, object] = {"sum": f"{float(sum(shares.values())):.6g}"}
        errors.append(
            FieldError(SHARES[-1], N_("The three shares must be at least 0 and sum to 1; these sum to %(sum)s."), params)
        )
    return _enter(session, actor, BENEFIT, {**values, **shares}, given, errors)


def _enter(
    session: Session, actor: Actor, fact: Any, values: Mapping[str, Any], given: Mapping[str, Any], errors: list[FieldError]
) -> Any:
    initiative = str(given.get("initiative") or "").strip()
    known = select(Initiative.id).where(Initiative.external_id == initiative).limit(1)
    if session.execute(known).first() is None:
        message = N_("There is no initiative '%(id)s'. Add it under Returns on customer work first.")
        errors.append(FieldError("initiative", message, {"id": initiative[:80]}))
    if errors:
        raise Invalid(fields=errors)
    return entering.enter(session, actor, fact, {**values, "initiative": initiative}, action=f"{fact.name}:created")


def _share(given: Any) -> Decimal:
    """A share as people write it; nothing is 0."""
    text = str(given if given is not None else "").strip()
    if not text:
        return Decimal(0)
    share = Decimal(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    if not share.is_finite():
        raise InvalidOperation
    return share


def _may(actor: Actor) -> None:
    if not actor.can(SIGN):
        raise Forbidden
