"""The customer list: filters, four orders, keyset pages. Every condition is one that row level security lets an index serve."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, SelectBase, and_, func, intersect, literal, select, tuple_
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer, CustomerToken
from kith_platform.customers.search import inside, query
from kith_platform.errors import BadRequest
from kith_platform.facts.models import CustomerRecord, Ticket
from kith_platform.i18n import N_
from kith_platform.placements.models import CustomerPlacement
from kith_platform.predict.models import Score
from kith_platform.predict.service import TASKS
from kith_platform.quality.store import flagged
from kith_platform.segments.models import SegmentMember
from kith_tenants.context import Actor, visible

PAGE = 50
COUNTED = 10_000  # counts are exact up to here
LAST = "\U0010ffff"
TABLE: Any = Customer.__table__

# Chances of leaving, read as words: more likely than not; at least one in four; less.
RISKS: Mapping[str, tuple[float, float]] = {"high": (0.5, 1.01), "medium": (0.25, 0.5), "low": (-1.0, 0.25)}
# Customers by value: the best fifth, the next three tenths, the rest (Score.band counts tenths, 1 the highest).
WORTH: Mapping[str, tuple[int, int]] = {"high": (1, 2), "medium": (3, 5), "low": (6, 10)}
SORTS = ("name", "created", "churn", "clv")


@dataclass(frozen=True)
class Filter:
    """Which customers to list. Empty fields do not narrow. `owner` is a membership id, 0 for customers nobody owns.

    `placed` narrows by stored placements, {key: code}; `segment` is the id of one whose members are wanted; `quality` is an
    issue of data quality that they have.
    """

    q: str = ""
    risk: str = ""
    worth: str = ""
    country: str = ""
    owner: int | None = None
    complaint: bool = False
    segment: int | None = None
    quality: str = ""
    placed: Mapping[str, str] = field(default_factory=dict)

    @property
    def narrows(self) -> bool:
        return self != ALL


ALL = Filter()


@dataclass(frozen=True)
class Page:
    """One page in order. `next` and `previous` are keys of the neighbouring pages; None at the ends."""

    customers: Sequence[Customer]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class _Order:
    """What a page is sorted by: a column, ties broken by the customer's id in the same direction."""

    column: Any
    tie: Any
    down: bool
    task: str = ""


def page(
    session: Session,
    actor: Actor,
    wanted: Filter = ALL,
    *,
    sort: str = "name",
    after: str = "",
    before: str = "",
    limit: int = PAGE,
    scored: Collection[str] = TASKS,
) -> Page:
    """Customers the actor may see. `sort` is one of SORTS or `scored`, "-" first for descending; by a score, only those who have
    one.

    Rows added meanwhile neither repeat nor hide others. Raises BadRequest for a sort or page key that is none.
    """
    order = _order(sort, scored)
    statement = matching(select(Customer), actor, wanted)
    if order.task:
        statement = statement.join(Score, and_(Score.customer_id == Customer.id, Score.task == order.task))
    back = bool(before) and not after
    key = _read(after or before, order)
    down = order.down != back
    if key is not None:
        place, edge = tuple_(order.column, order.tie), tuple_(*(literal(part) for part in key))
        statement = statement.where(place < edge if down else place > edge)
    columns = (order.column, order.tie)
    statement = statement.add_columns(*columns).order_by(*(one.desc() if down else one.asc() for one in columns))
    found = session.execute(statement.limit(limit + 1)).all()
    more, rows = len(found) > limit, list(found[:limit])
    if back:
        rows.reverse()
    further = bool(rows) and (more or back)
    former = bool(rows) and (more if back else key is not None)
    return Page(
        [row[0] for row in rows],
        _write(rows[-1][1:]) if further else None,
        _write(rows[0][1:]) if former else None,
    )


def count(session: Session, actor: Actor, wanted: Filter = ALL) -> int:
    """How many customers match, exact up to COUNTED; COUNTED + 1 means more."""
    some = matching(select(Customer.id), actor, wanted).limit(COUNTED + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def matching(statement: Any, actor: Actor, wanted: Filter) -> Select[Any]:
    """Narrow a statement over Customer to living, real customers that match and that the actor may see."""
    seen: Select[Any] = visible(statement, actor, owner=TABLE.c.owner_id, unit=TABLE.c.unit_id)
    return seen.where(Customer.merged_into.is_(None), Customer.is_test.is_(False), *_conditions(wanted))


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Customer.id.in_(part) for part in _typed(wanted.q)]
    if wanted.risk in RISKS:
        low, high = RISKS[wanted.risk]
        found.append(Customer.id.in_(_scored("churn").where(Score.value >= low, Score.value < high)))
    if wanted.worth in WORTH:
        first, last = WORTH[wanted.worth]
        found.append(Customer.id.in_(_scored("clv").where(Score.band.between(first, last))))
    if wanted.country:
        found.append(Customer.country == wanted.country)
    if wanted.owner is not None:
        found.append(Customer.owner_id == wanted.owner if wanted.owner else Customer.owner_id.is_(None))
    if wanted.complaint:
        found.append(Customer.id.in_(complaining()))
    if wanted.segment is not None:
        found.append(Customer.id.in_(select(SegmentMember.customer_id).where(SegmentMember.segment_id == wanted.segment)))
    if wanted.quality:
        found.append(Customer.id.in_(flagged(wanted.quality)))
    return found + [Customer.id.in_(_placed(key, code)) for key, code in wanted.placed.items()]


def _typed(text: str) -> list[SelectBase]:
    """Customer ids per token of a search; no token, no condition."""
    exact, beginning = query(text) if text.strip() else ([], "")
    ids = select(CustomerToken.customer_id)
    found: list[SelectBase] = [ids.where(CustomerToken.token == token) for token in exact]
    if beginning:
        begun = ids.where(CustomerToken.token >= beginning, CustomerToken.token < beginning + LAST)
        within = [ids.where(CustomerToken.token == token) for token in inside(text)]
        found.append(begun.union(intersect(*within)) if within else begun)
    if text.strip() and not found:  # nothing in it that could be found: match nobody rather than everybody
        found.append(ids.where(CustomerToken.token == ""))
    return found


def _scored(task: str) -> Select[Any]:
    return select(Score.customer_id).where(Score.task == task)


def _placed(key: str, code: str) -> Select[Any]:
    return select(CustomerPlacement.customer_id).where(CustomerPlacement.key == key, CustomerPlacement.code == code)


def complaining() -> Select[Any]:
    """Ids of customers with a complaint that is not solved."""
    return (
        select(CustomerRecord.customer_id)
        .join(Ticket, Ticket.record_id == CustomerRecord.id)
        .where(Ticket.is_complaint, Ticket.resolved_at.is_(None), CustomerRecord.customer_id.is_not(None))
    )


def countries(session: Session, most: int = 250) -> list[str]:
    """The countries that occur, by hopping through the index from one to the next instead of reading every customer."""
    hop = select(func.min(Customer.country).label("country")).where(Customer.country > "").cte("hop", recursive=True)
    further = select(func.min(Customer.country)).where(Customer.country > hop.c.country).scalar_subquery()
    hop = hop.union_all(select(further).where(hop.c.country.is_not(None)))
    return list(session.execute(select(hop.c.country).where(hop.c.country.is_not(None)).limit(most)).scalars())


def _order(sort: str, scored: Collection[str]) -> _Order:
    down, key = sort.startswith("-"), sort.removeprefix("-")
    if key not in SORTS and key not in scored:
        known = ", ".join(dict.fromkeys((*SORTS, *scored)))
        raise BadRequest(N_("The list cannot be sorted by '%(sort)s'. Choose from: %(known)s."), sort=sort, known=known)
    if key == "name":
        return _Order(Customer.name, Customer.id, down)
    if key == "created":
        return _Order(Customer.created_at, Customer.id, down)
    return _Order(Score.value, Score.customer_id, down, key)


def _write(key: Sequence[Any]) -> str:
    """A page key: opaque in addresses, and no secret."""
    value, tie = key
    text = json.dumps([value.isoformat() if isinstance(value, dt.datetime) else value, tie], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(key: str, order: _Order) -> tuple[Any, int] | None:
    if not key:
        return None
    try:
        value, tie = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        wanted = order.column.type.python_type
        value = dt.datetime.fromisoformat(value) if wanted is dt.datetime else wanted(value)
        return value, int(tie)
    except (ValueError, TypeError, binascii.Error):
        raise BadRequest(N_("This page key does not belong to this list. Begin again with the first page.")) from None
