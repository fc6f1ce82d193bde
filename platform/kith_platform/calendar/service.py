"""Use cases of the company's calendar: read it as business time, set the hours, add and take back closed days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.calendar.business import DAY, ONE_DAY, USUAL, BusinessCalendar, Hours
from kith_platform.calendar.models import ClosedDay, OpeningHours
from kith_platform.errors import FieldError, Forbidden, Invalid
from kith_platform.i18n import N_
from kith_tenants.context import Actor, tenant_of

PERMISSION = "settings:write"
MOST_DAYS = 60  # closed at once: a long summer break
MOST_SPANS = 6  # of one weekday
LONGEST = 80  # characters of a day's name


def of_tenant(session: Session) -> BusinessCalendar:
    """The company's business time; Monday to Friday, 9 to 17, where it has said nothing."""
    closed = frozenset(session.execute(select(ClosedDay.day)).scalars())
    return BusinessCalendar(tenant_of(session).timezone, hours(session), closed)


def hours(session: Session) -> tuple[Hours, ...]:
    """(weekday, opens, closes) in order."""
    rows = session.execute(select(OpeningHours.weekday, OpeningHours.opens, OpeningHours.closes)).all()
    return tuple(sorted((weekday, opens, closes) for weekday, opens, closes in rows)) or USUAL


def closed_days(session: Session, since: dt.date | None = None) -> Sequence[ClosedDay]:
    """Days off, the first first; only those from `since` on where given."""
    statement = select(ClosedDay).order_by(ClosedDay.day)
    if since is not None:
        statement = statement.where(ClosedDay.day >= since)
    return session.execute(statement).scalars().all()


def set_hours(session: Session, actor: Actor, given: Iterable[Hours]) -> tuple[Hours, ...]:
    """Put these hours in place of the former ones. Raises Forbidden, or Invalid with an error at `weekday_<number>`."""
    _may(actor)
    wanted = tuple(sorted(set(given)))
    errors = list(_errors(wanted))
    if not wanted:
        errors.append(FieldError("weekday_0", N_("Give the hours of one weekday at least: business time needs some.")))
    if errors:
        raise Invalid(fields=errors)
    session.execute(delete(OpeningHours))
    session.execute(insert(OpeningHours), [{"weekday": day, "opens": opens, "closes": closes} for day, opens, closes in wanted])
    said = [f"{weekday} {clock(opens)}-{clock(closes)}" for weekday, opens, closes in wanted]
    _changed(session, actor, "calendar:hours_set", {"hours": said})
    return wanted


def close(session: Session, actor: Actor, first: dt.date, last: dt.date | None = None, name: str = "") -> int:
    """The company does not open from `first` to `last` (or on `first` alone); returns how many days that is.

    A day that was closed already takes the new name. Raises Forbidden, Invalid.
    """
    _may(actor)
    last = last or first
    number = (last - first).days + 1
    if number < 1:
        raise Invalid(fields=[FieldError("last", N_("The last day comes before the first. Correct one of them."))])
    if number > MOST_DAYS:
        raise Invalid(fields=[FieldError("last", N_("That is more than %(most)s days at once."), {"most": MOST_DAYS})])
    name = name.strip()
    if len(name) > LONGEST:
        raise Invalid(fields=[FieldError("name", N_("This is too long: %(most)s characters at most."), {"most": LONGEST})])
    rows = upsert(ClosedDay).values([{"day": first + place * ONE_DAY, "name": name} for place in range(number)])
    session.execute(rows.on_conflict_do_update(index_elements=["tenant_id", "day"], set_={"name": rows.excluded.name}))
    _changed(session, actor, "calendar:closed", {"days": f"{first}..{last}", "name": name})
    return number


def reopen(session: Session, actor: Actor, day: dt.date) -> bool:
    """Take a closed day back; False where it was none. Raises Forbidden."""
    _may(actor)
    gone = session.execute(delete(ClosedDay).where(ClosedDay.day == day).returning(ClosedDay.day)).first() is not None
    if gone:
        _changed(session, actor, "calendar:reopened", {"days": str(day)})
    return gone


def clock(minute: int) -> str:
    """Minutes of the day as people write them: 09:30; the day's end is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _errors(wanted: Sequence[Hours]) -> Iterable[FieldError]:
    for weekday in sorted({one[0] for one in wanted}):
        spans = [(opens, closes) for day, opens, closes in wanted if day == weekday]
        field = f"weekday_{weekday}"
        if not 0 <= weekday <= 6 or len(spans) > MOST_SPANS:
            yield FieldError(field, N_("Choose one of the values of the list."))
        elif any(not 0 <= opens < closes <= DAY for opens, closes in spans):
            yield FieldError(
                field, N_("Closing comes after opening. For a night, end the day at 00:00 and open the next at 00:00.")
            )
        elif any(former[1] > later[0] for former, later in pairwise(spans)):
            yield FieldError(field, N_("These hours overlap. Correct one of them."))


def _may(actor: Actor) -> None:
    if not actor.can(PERMISSION):
        raise Forbidden


def _changed(session: Session, actor: Actor, action: str, detail: dict[str, object]) -> None:
    from kith_platform.refresh.service import ask_refresh

    record(session, actor, action, "calendar:calendar", detail)
    ask_refresh(session, asked_by=actor.member_id)
