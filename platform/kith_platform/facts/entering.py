"""Facts that people write on screens and programs send one at a time: source `kith`, known from now on.

The noun that calls asks whether the actor may, and looks the customer up through `visible`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.errors import UniqueViolation
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers.models import Customer
from kith_platform.errors import Conflict, FieldError, Invalid
from kith_platform.facts.models import CustomerRecord
from kith_platform.facts.table import row_class
from kith_platform.i18n import N_
from kith_platform.sdk.facts import Column, Fact, Kind
from kith_tenants.context import Actor, tenant_id_of, tenant_of

SOURCE = "kith"
LONGEST = 4000  # characters of one text
FIRST_YEAR, LAST_YEAR = 1900, 9998
LARGEST = Decimal(10) ** 15  # numeric(19,4) holds no more before the point
CLOCKS = dt.timedelta(minutes=5)  # by which a caller's clock may be ahead of ours
YES, NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})

Values = Mapping[str, Any]


def enter(
    session: Session,
    actor: Actor,
    fact: Fact,
    values: Values,
    *,
    customer: Customer | None = None,
    external_id: str = "",
    action: str = "",
) -> Any:
    """A new row of `fact` in the caller's transaction, flushed and read back; gives the mapped row.

    `values` by declared column: as they are stored, or as a form gives them (texts; a time without zone is the company's
    clock; "" is no value). A REFERENCE takes the row itself. Without the column that dates the row it happens now. Money
    may name its `currency`; else it is the company's. Without `external_id` the row gets a fresh one. `action` (lead:created)
    writes the audit entry. Raises Invalid with an error per wrong value, Conflict where the external id is taken.
    """
    stored = _Reading(session, fact).stored(values, fresh=True)
    row = row_class(fact)(source=SOURCE, external_id=external_id or uuid.uuid4().hex, **stored)
    if fact.of_customer and customer is not None:
        row.record_id = record_of(session, customer)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
        raise Conflict(N_("There is one with this number already. Choose another number, or change that one.")) from None
    session.refresh(row)
    _note(session, actor, fact, row, action, values)
    return row


def change(session: Session, actor: Actor, row: Any, values: Values, *, action: str = "") -> Any:
    """Write the named columns of a fact's row, whatever its source; the others stay. Flushed and read back.

    The next snapshot sees it. A row that a file brought belongs to no import from then on, so that undoing the import leaves
    what people wrote. `action` writes the audit entry. Raises Invalid with an error per wrong value.
    """
    fact: Fact = row.__table__.info["fact"]
    for name, value in _Reading(session, fact).stored(values, fresh=False).items():
        setattr(row, name, value)
    if fact.occurred in values:
        row.known_at = max(row.known_at, row.occurred_at)
    row.import_id = None
    row.changed_at = func.now()
    session.flush()
    session.refresh(row)
    _note(session, actor, fact, row, action, values)
    return row


def _note(session: Session, actor: Actor, fact: Fact, row: Any, action: str, values: Values) -> None:
    if action:
        subject = f"{fact.name}:{row.public_id if fact.has_url else row.external_id}"
        record(session, actor, action, subject, {"fields": sorted(values)})


def record_of(session: Session, customer: Customer) -> int:
    """The record that what people write of a customer hangs on: that of source `kith`, else the customer's oldest one.

    None is made for it: an empty record says nothing and would count as unfilled in the data's quality.
    """
    mine = (CustomerRecord.source == SOURCE).desc()
    of = select(CustomerRecord.id).where(CustomerRecord.customer_id == customer.id)
    found = session.execute(of.order_by(mine, CustomerRecord.id).limit(1)).scalar_one_or_none()
    if found is None:
        row = CustomerRecord(source=SOURCE, external_id=uuid.uuid4().hex, customer_id=customer.id)
        session.add(row)
        session.flush()
        found = row.id
    return int(found)


class _Wrong(ValueError):
    """A value that does not fit its column, with its words."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message, self.params = message, params


class _Reading:
    """Turns what a form or a program gave into what the table holds, by the company's zone and currency."""

    def __init__(self, session: Session, fact: Fact) -> None:
        tenant = tenant_of(session)
        self.fact, self.tenant_id, self.currency = fact, tenant_id_of(session), tenant.currency
        self.zone = ZoneInfo(tenant.timezone)
        self.now = dt.datetime.now(dt.UTC)

    def stored(self, values: Values, *, fresh: bool) -> dict[str, Any]:
        """Columns of the table. `fresh`: of a whole new row, so that required ones must be there."""
        known = {column.name for column in self.fact.columns} | ({"currency"} if self.fact.money else set())
        if unknown := set(values) - known:
            raise KeyError(f"{self.fact.name} has no column {', '.join(sorted(unknown))}")
        errors: list[FieldError] = []
        read: dict[str, Any] = {}
        for column in self.fact.columns:
            if column.name in values or fresh:
                try:
                    read[column.name] = self._checked(column, values.get(column.name), fresh=fresh)
                except _Wrong as wrong:
                    errors.append(FieldError(column.name, wrong.message, dict(wrong.params)))
        try:
            money = self._money(values, fresh=fresh)
        except _Wrong as wrong:
            errors.append(FieldError("currency", wrong.message, dict(wrong.params)))
        errors += self._not_whole(read)
        if errors:
            raise Invalid(fields=errors)
        occurred = read.pop(self.fact.occurred or "", None)
        times = {} if occurred is None else self._times(occurred, fresh=fresh)
        return {self.fact.column(name).stored_as: value for name, value in read.items()} | times | money

    def _not_whole(self, read: Mapping[str, Any]) -> list[FieldError]:
        """Shares of a whole that are all given and do not add up to 1, by more than a millionth: as imports refuse them."""
        shares = [read.get(name) for name in self.fact.sums_to_one]
        given = [share for share in shares if share is not None]
        if not given or len(given) < len(shares) or abs(sum(given) - 1) <= Decimal("0.000001"):
            return []
        words = N_("These shares add up to %(sum)s, not to 1. Correct them.")
        return [FieldError(self.fact.sums_to_one[0], words, {"sum": f"{sum(given):f}"})]

    def _checked(self, column: Column, given: Any, *, fresh: bool) -> Any:
        """The value for the table; of the column that dates the row an instant, or a day where no time was given."""
        value = given.strip() if isinstance(given, str) else given
        dates = column.name == self.fact.occurred
        if value is None or value == "":
            if dates and fresh:
                return self.now if column.kind is Kind.TIME else self.now.astimezone(self.zone).date()
            if column.required or dates:
                raise _Wrong(N_("Fill this in."))
            return None
        if column.kind is Kind.REFERENCE:
            return self._reference(column, value)
        read = self.day(value) if dates and _is_day(value) else _READ[column.kind](self, value)
        if column.choices and read not in column.choices:
            raise _Wrong(N_("Choose one of the values of the list."))
        if isinstance(read, dt.date):
            self._in_time(column, read)
        return read

    def _reference(self, column: Column, row: Any) -> int:
        table = getattr(row, "__table__", None)
        if table is None or table.info["fact"].name != column.to or row.tenant_id != self.tenant_id:
            raise TypeError(f"{self.fact.name}.{column.name} takes a row of {column.to}")
        return int(row.id)

    def _in_time(self, column: Column, value: dt.date) -> None:
        """`value` is a day, or an instant."""
        instant = isinstance(value, dt.datetime)
        last = self.now + CLOCKS if instant else self.now.astimezone(self.zone).date()
        if value > last and not column.may_be_future:
            raise _Wrong(N_("This lies in the future. Correct the date."))
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise _Wrong(N_("This lies before 1900 or too far ahead. Correct the date."))

    def _money(self, values: Values, *, fresh: bool) -> dict[str, str]:
        given = str(values.get("currency") or "").strip().upper()
        if given and not (len(given) == 3 and given.isascii() and given.isalpha()):
            raise _Wrong(N_("“%(value)s” is not a currency. Use a code of three letters such as USD."), value=given)
        if not self.fact.money or not (given or fresh):
            return {}
        return {"currency": given or self.currency}

    def _times(self, occurred: dt.date, *, fresh: bool) -> dict[str, Any]:
        """occurred_at, occurred_on (the company's day) and day_only; of a new row also known_at, which is never before."""
        if isinstance(occurred, dt.datetime):
            at, on = occurred, occurred.astimezone(self.zone).date()
        else:
            at, on = dt.datetime.combine(occurred, dt.time(), self.zone).astimezone(dt.UTC), occurred
        times = {"occurred_at": at, "occurred_on": on, "day_only": not isinstance(occurred, dt.datetime)}
        return times | ({"known_at": max(self.now, at)} if fresh else {})

    def text(self, value: Any) -> str:
        text = str(value)
        if len(text) > LONGEST:
            raise _Wrong(N_("This is too long: %(most)s characters at most."), most=LONGEST)
        return text.replace("\x00", "")

    def number(self, value: Any) -> Decimal:
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            raise _Wrong(N_("This is not a number.")) from None
        if not number.is_finite() or abs(number) >= LARGEST:
            raise _Wrong(N_("This is not a number."))
        return round(number, 10)

    def whole(self, value: Any) -> int:
        number = self.number(value)
        if number != number.to_integral_value():
            raise _Wrong(N_("This is not a whole number."))
        return int(number)

    def boolean(self, value: Any) -> bool:
        word = str(value).lower()
        if word not in YES | NO:
            raise _Wrong(N_("Choose one of the values of the list."))
        return word in YES

    def day(self, value: Any) -> dt.date:
        if isinstance(value, dt.datetime):
            return value.astimezone(self.zone).date()
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            raise _Wrong(N_("“%(value)s” is not a date."), value=str(value)[:40]) from None

    def moment(self, value: Any) -> dt.datetime:
        """An instant in UTC. A day is its first moment, a time without zone the company's clock."""
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        if not isinstance(value, dt.datetime):
            try:
                value = dt.datetime.fromisoformat(str(value))
            except ValueError:
                raise _Wrong(N_("“%(value)s” is not a date."), value=str(value)[:40]) from None
        local: dt.datetime = value if value.tzinfo else value.replace(tzinfo=self.zone)
        try:
            return local.astimezone(dt.UTC)
        except OverflowError:  # the first or last day of all
            raise _Wrong(N_("“%(value)s” is not a date."), value=str(value)[:40]) from None


def _is_day(value: Any) -> bool:
    """Whether a value names a day and no time."""
    if isinstance(value, str):
        return len(value) == len("2026-11-22")
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


_READ: Mapping[Kind, Callable[[_Reading, Any], Any]] = {
    Kind.TEXT: _Reading.text,
    Kind.INTEGER: _Reading.whole,
    Kind.NUMBER: _Reading.number,
    Kind.MONEY: _Reading.number,
    Kind.RATE: _Reading.number,
    Kind.BOOLEAN: _Reading.boolean,
    Kind.DATE: _Reading.day,
    Kind.TIME: _Reading.moment,
}
