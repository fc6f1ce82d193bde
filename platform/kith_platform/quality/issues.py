"""What is wrong with the data: how bad, how much of it, what it harms, and where it can be mended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from kith_platform.customers.models import Customer
from kith_platform.duplicates import service as duplicates
from kith_platform.i18n import N_
from kith_platform.imports.models import DONE, Import
from kith_platform.quality import flags, store
from kith_platform.quality.fields import FIELDS
from kith_platform.quality.models import QualityFlag
from kith_tenants.context import Actor, Reach, visible

Severity = Literal["high", "medium", "low"]
RANK: Mapping[str, int] = {"high": 0, "medium": 1, "low": 2}
PEOPLE = Customer.__table__.c
REJECTS_SHOWN = 20
MENDED_BY = "rejects"  # the name that a file of rejected lines is given for download
QUIET, FEW_IMPORTS = dt.timedelta(days=30), 3
QUIET_FIRST = dt.timedelta(days=90)  # for a source that was imported once or twice, whose rhythm nobody knows
USUAL_GAPS = 3


@dataclass(frozen=True, kw_only=True)
class Issue:
    """`count` of `unit` (customers, lines, pairs, days); `more` says that there are more than that. `title` and `harms` are
    English msgids; `params` fill the title, those named in `said` are msgids, too. `leads` names the page that shows them
    (customers, import, duplicates, imports), `subject` whom of it, and `table` what an import would mend.
    """

    code: str
    severity: Severity
    title: str
    harms: str
    count: int
    unit: Literal["customers", "lines", "pairs", "days"] = "customers"
    share: float | None = None
    more: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    leads: Literal["customers", "import", "duplicates", "imports"] = "customers"
    subject: str = ""
    table: str = ""


_REACH = N_("Campaigns and reminders cannot reach these customers this way.")
_ADDRESSED = N_("Letters and lists cannot address these customers, and their duplicates stay hidden.")
_LEFT_OUT = N_("Segments and figures by this field leave these customers out or misplace them.")
_MONEY = N_("Their orders are missing from sales, values and groups.")
_FIELD: Mapping[str, tuple[Severity, str]] = {
    "name": ("high", _ADDRESSED),
    "email": ("medium", _REACH),
    "phone": ("medium", _REACH),
    "address": ("medium", _REACH),
}
_FLAGS: Mapping[str, tuple[Severity, str, str, str]] = {  # severity, title, harm, the table whose import mends it
    flags.DIFFERING: (
        "medium",
        N_("Sources disagree"),
        N_("Nobody can say which value is right, and a letter may go to the wrong place."),
        "",
    ),
    flags.SHARED_EMAIL: (
        "medium",
        N_("An e-mail address shared by three customers or more"),
        N_("A message reaches somebody else, or one person several times; the customers may be one."),
        "",
    ),
    flags.SHARED_PHONE: (
        "low",
        N_("A phone number shared by three customers or more"),
        N_("Often a placeholder or a shop's own number: it identifies nobody."),
        "",
    ),
    flags.NO_ORDER: (
        "low",
        N_("Customers without any order"),
        N_("They have no value, group or chance of leaving; their orders may lie in a source that was not imported."),
        "orders",
    ),
    flags.FUTURE_ORDERS: ("high", N_("Orders in the future"), N_("Rhythm, recency and forecasts are wrong for them."), ""),
    flags.IMPOSSIBLE_DATES: (
        "high",
        N_("Impossible dates"),
        N_("Delivered before it was ordered, solved before it was opened, registered before birth: times and ages are wrong."),
        "",
    ),
    flags.NO_RATE: ("high", N_("Orders in a currency without an exchange rate"), _MONEY, "fx_rates"),
    flags.NO_AMOUNT: ("high", N_("Orders without an amount"), _MONEY, ""),
}
MISSING, INVALID = N_("%(field)s is missing"), N_("%(field)s cannot be right")
REJECTED = N_("Lines of “%(file)s” were not taken")
REJECTED_HARM = N_("What they tell is missing everywhere. The file of rejected lines says why for each; mend it and import it.")
WAITING = N_("Duplicates wait for review")
WAITING_HARM = N_("One customer counts as two: values are halved and messages go out twice.")
STALE = N_("Nothing came from “%(source)s” any more")
STALE_HARM = N_("Its customers look as if they had stopped buying.")


def known(code: str) -> bool:
    """Whether customers can have the issue."""
    return code in _FLAGS or code.removeprefix(flags.MISSING) in FIELDS or code.removeprefix(flags.INVALID) in FIELDS


def title(code: str) -> tuple[str, str]:
    """The msgid of a customers' issue and of the field in it ("" without one)."""
    if code in _FLAGS:
        return _FLAGS[code][1], ""
    prefix, words = (flags.MISSING, MISSING) if code.startswith(flags.MISSING) else (flags.INVALID, INVALID)
    return words, FIELDS[code.removeprefix(prefix)].label


def listed(session: Session, actor: Actor, *, now: dt.datetime) -> list[Issue]:
    """Every issue the actor may know of, the worst and largest first."""
    found = list(_of_customers(session, actor)) if actor.can("customers:read") else []
    if actor.can("imports:read"):
        found += [*_rejected(session), *_stale(session, now)]
    if actor.can("customers:merge") and (waiting := duplicates.waiting(session, actor)):
        more = waiting > 1_000
        found.append(
            Issue(
                code="duplicates",
                severity="medium",
                title=WAITING,
                harms=WAITING_HARM,
                count=min(waiting, 1_000),
                more=more,
                unit="pairs",
                leads="duplicates",
            )
        )
    return sorted(found, key=lambda one: (RANK[one.severity], -one.count, one.code, one.subject))


def _of_customers(session: Session, actor: Actor) -> Iterator[Issue]:
    readings = store.latest(session, store.ISSUE)
    counts = {one.field: int(one.part) for one in readings}
    whole = next((int(one.whole) for one in readings), 0) if actor.reach is Reach.ALL else 0
    if actor.reach is not Reach.ALL:
        counts = _seen(session, actor)
    for code, count in counts.items():
        if not count or not known(code):
            continue
        words, label = title(code)
        if code in _FLAGS:
            severity, _title, harms, table = _FLAGS[code]
        else:
            name = code.removeprefix(flags.MISSING).removeprefix(flags.INVALID)
            (severity, harms), table = _FIELD.get(name, ("low", _LEFT_OUT)), ""
        yield Issue(
            code=code,
            severity=severity,
            title=words,
            harms=harms,
            count=count,
            share=count / whole if whole else None,
            params={"field": label} if label else {},
            said=("field",) if label else (),
            subject=code,
            table=table,
        )


def _seen(session: Session, actor: Actor) -> dict[str, int]:
    """Customers by issue, of those the actor may see."""
    statement: Any = select(QualityFlag.issue, func.count()).join(Customer, Customer.id == QualityFlag.customer_id)
    statement = visible(statement, actor, owner=PEOPLE.owner_id, unit=PEOPLE.unit_id)
    statement = statement.where(Customer.merged_into.is_(None), Customer.is_test.is_(False)).group_by(QualityFlag.issue)
    return {issue: int(count) for issue, count in session.execute(statement)}


def _rejected(session: Session) -> Iterator[Issue]:
    """Imports with rejected lines that no later import of their file of rejected lines has brought in."""
    later = aliased(Import)
    mended = exists().where(
        later.table_name == Import.table_name,
        later.source == Import.source,
        later.id > Import.id,
        later.state == DONE,
        ~later.dry_run,
        later.file_name.startswith(MENDED_BY),
    )
    rows = select(Import).where(Import.state == DONE, ~Import.dry_run, Import.rejected > 0, ~mended)
    for row in session.execute(rows.order_by(Import.id.desc()).limit(REJECTS_SHOWN)).scalars():
        yield Issue(
            code="rejected",
            severity="high",
            title=REJECTED,
            harms=REJECTED_HARM,
            count=row.rejected,
            unit="lines",
            share=row.rejected / row.read if row.read else None,
            params={"file": row.file_name},
            leads="import",
            subject=str(row.public_id),
        )


def _stale(session: Session, now: dt.datetime) -> Iterator[Issue]:
    """Sources from which nothing was imported for three of their usual gaps, and a month at least."""
    times: Sequence[Any] = session.execute(
        select(Import.source, func.count(), func.min(Import.finished_at), func.max(Import.finished_at))
        .where(Import.state == DONE, ~Import.dry_run, Import.finished_at.is_not(None))
        .group_by(Import.source)
    ).all()
    for source, count, first, last in times:
        allowed = max(QUIET, USUAL_GAPS * (last - first) / (count - 1)) if count >= FEW_IMPORTS else QUIET_FIRST
        if now - last > allowed:
            yield Issue(
                code="stale",
                severity="medium",
                title=STALE,
                harms=STALE_HARM,
                count=(now - last).days,
                unit="days",
                params={"source": source},
                leads="imports",
                subject=source,
            )
