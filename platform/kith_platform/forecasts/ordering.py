"""How each product is ordered: what the company entered for it, its family or everything, and the defaults for the rest."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers.figures import today
from kith_platform.errors import FieldError, Forbidden, Invalid
from kith_platform.forecasts.make import COMPANY, FAMILY, PRODUCT
from kith_platform.forecasts.models import DemandForecast, DemandSetting
from kith_platform.i18n import N_
from kith_tenants.context import Actor

PERMISSION = "sales:manage"
# By class (domain.md C6): what brings most is to be there nearly always.
SERVICE = {"AX": 0.98, "A": 0.95, "B": 0.95, "C": 0.90}
DEFAULTS: Mapping[str, float] = {"lead_days": 14.0, "lead_deviation": 3.0, "review_days": 7.0}
NUMBERS = (
    "lead_days", "lead_deviation", "review_days", "service", "capacity", "shelf_days", "most_money", "order_cost", "on_hand",
)  # fmt: skip
LONGEST = 730.0  # days
MOST = 1e12


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """What holds for one product; `given` names what somebody entered, the rest are defaults. Times in days, `capacity` in
    units a week, money in the company's currency. None: no limit, or not known."""

    lead_days: float
    lead_deviation: float
    review_days: float
    service: float
    capacity: float | None = None
    shelf_days: float | None = None
    most_money: float | None = None
    order_cost: float | None = None
    on_hand: float | None = None
    counted_on: dt.date | None = None
    given: frozenset[str] = frozenset()


class Orderings:
    """The settings of a company, read once."""

    def __init__(self, session: Session) -> None:
        self.rows = {row.scope: row for row in session.execute(select(DemandSetting)).scalars()}

    def of(self, scope: str, family: str, code: str) -> Ordering:
        """The narrowest entry of each value counts: product, family, company, default."""
        found: dict[str, Any] = {**DEFAULTS, "service": SERVICE.get(code, SERVICE.get(code[:1], SERVICE["B"]))}
        given: set[str] = set()
        for where in (COMPANY, f"{FAMILY}:{family}", scope):
            row = self.rows.get(where)
            for name in (one.name for one in fields(Ordering) if one.name != "given"):
                value = getattr(row, name, None)
                if value is not None:
                    found[name] = value
                    given.add(name)
        return Ordering(**found, given=frozenset(given))


def put(session: Session, actor: Actor, scope: str, given: Mapping[str, Any]) -> None:
    """Enter how a scope is ordered; empty values fall back to the wider scope. All empty: the entry goes.

    Raises Forbidden, or Invalid with an error per field; `scope` must be `company` or one of the forecasts'.
    """
    if not actor.can(PERMISSION):
        raise Forbidden
    values = _checked(session, scope, given)
    before = session.execute(select(DemandSetting).where(DemandSetting.scope == scope)).scalar_one_or_none()
    was = {name: getattr(before, name, None) for name in NUMBERS}
    if all(value is None for value in values.values()):
        session.execute(delete(DemandSetting).where(DemandSetting.scope == scope))
    else:
        row = insert(DemandSetting).values(scope=scope, **values)
        session.execute(row.on_conflict_do_update(index_elements=["tenant_id", "scope"], set_=values))
    session.expire_all()
    changed = {name: [was[name], values[name]] for name in NUMBERS if was[name] != values[name]}
    if changed:
        record(session, actor, "forecast:ordering_set", f"forecast:{scope}", changed)


def _checked(session: Session, scope: str, given: Mapping[str, Any]) -> dict[str, Any]:
    known = select(DemandForecast.scope).where(DemandForecast.scope == scope)
    if scope != COMPANY and session.execute(known).scalar_one_or_none() is None:
        raise Invalid(fields=[FieldError("scope", N_("There is no forecast of this product or family. Choose one of the list."))])
    errors: list[FieldError] = []
    values: dict[str, Any] = {name: _number(name, given.get(name), errors) for name in NUMBERS}
    if scope.partition(":")[0] != PRODUCT and values["on_hand"] is not None:
        errors.append(FieldError("on_hand", N_("What is on hand is entered product by product.")))
    values["counted_on"] = None
    if values["on_hand"] is not None:  # without a day it was counted today: from then on it goes down as is foreseen
        values["counted_on"] = _day(given.get("counted_on"), errors) or today(session)
    if errors:
        raise Invalid(fields=errors)
    return values


def _number(name: str, typed: Any, errors: list[FieldError]) -> float | None:
    text = "" if typed is None else str(typed).strip().replace(",", "")
    if not text:
        return None
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = math.nan
    if name == "service":
        number = number / 100 if number > 1 else number
        good, words = 0.5 <= number <= 0.999, N_("Give a share between 50 and 99.9 percent.")
    elif name.endswith(("_days", "_deviation")):
        good, words = 0 <= number <= LONGEST, N_("Give days from 0 to 730.")
    else:
        good, words = 0 <= number <= MOST, N_("Give a number of 0 or more.")
    if not good:  # NaN compares as false
        errors.append(FieldError(name, words))
        return None
    return number


def _day(given: Any, errors: list[FieldError]) -> dt.date | None:
    if isinstance(given, dt.date) or not given:
        return given or None
    try:
        return dt.date.fromisoformat(str(given))
    except ValueError:
        errors.append(FieldError("counted_on", N_("Give a day, such as 2026-12-31.")))
        return None
