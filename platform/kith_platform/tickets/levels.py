"""What a company promises per severity: business minutes until the first reply and until the solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.errors import FieldError, Forbidden, Invalid
from kith_platform.i18n import N_
from kith_platform.tickets.models import ServiceLevel
from kith_tenants.context import Actor

NORMAL = "normal"
MOST = 100_000  # minutes: about a year of working days
PERMISSION = "settings:write"


@dataclass(frozen=True)
class Level:
    """Business minutes until the first reply and until the solution."""

    reply: int
    solve: int


USUAL: Mapping[str, Level] = {
    "urgent": Level(30, 4 * 60),
    "high": Level(2 * 60, 8 * 60),
    NORMAL: Level(4 * 60, 3 * 8 * 60),
    "low": Level(8 * 60, 5 * 8 * 60),
}
SEVERITIES = tuple(USUAL)


def levels(session: Session) -> dict[str, Level]:
    """Every severity's level, the most severe first: the company's own, else the usual one."""
    rows = session.execute(select(ServiceLevel)).scalars()
    own = {row.severity: Level(row.reply_minutes, row.solve_minutes) for row in rows}
    return {severity: own.get(severity, usual) for severity, usual in USUAL.items()}


def level(session: Session, severity: str | None) -> Level:
    """The level of a severity however a source writes it; of one that is not ours, the normal one."""
    known = levels(session)
    return known.get((severity or NORMAL).casefold(), known[NORMAL])


def set_levels(session: Session, actor: Actor, given: Mapping[str, Level]) -> None:
    """Put these in place of the company's own; what is promised already stays. Raises Forbidden.

    Raises Invalid with an error at `<severity>_reply` or `<severity>_solve`.
    """
    if not actor.can(PERMISSION):
        raise Forbidden
    errors = [error for severity, one in given.items() for error in _errors(severity, one)]
    if errors:
        raise Invalid(fields=errors)
    session.execute(delete(ServiceLevel).where(ServiceLevel.severity.in_(given)))
    rows = [{"severity": name, "reply_minutes": one.reply, "solve_minutes": one.solve} for name, one in given.items()]
    if rows:
        session.execute(insert(ServiceLevel), rows)
    said = {name: f"{one.reply}/{one.solve}" for name, one in given.items()}
    record(session, actor, "ticket:levels_set", "ticket:levels", said)


def _errors(severity: str, one: Level) -> list[FieldError]:
    if severity not in USUAL:
        return [FieldError(severity, N_("Choose one of the values of the list."))]
    found = [
        FieldError(f"{severity}_{name}", N_("Give a whole number of minutes from 1 to %(most)s."), {"most": MOST})
        for name, minutes in (("reply", one.reply), ("solve", one.solve))
        if not 0 < minutes <= MOST
    ]
    if not found and one.solve < one.reply:
        found.append(FieldError(f"{severity}_solve", N_("A solution takes at least as long as the first reply.")))
    return found
