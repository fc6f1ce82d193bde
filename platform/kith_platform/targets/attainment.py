"""How far targets are attained: what was sold or won in their days, from the facts, in the company's currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Date, Select, Text, cast, column, func, or_, select, values
from sqlalchemy.orm import Session, aliased

from kith_platform.calendar.service import of_tenant
from kith_platform.customers.figures import VOID, today
from kith_platform.facts.models import Opportunity, OrderLine, ReturnLine, SalesOrder, Target
from kith_platform.opportunities import money, reps
from kith_platform.targets.service import MONEY, SALES, WON
from kith_tenants.context import tenant_of


@dataclass(frozen=True)
class Attainment:
    """Of one target. Money is in the company's currency. `actual` is None where facts cannot tell it here: other kinds, sales
    of a team nobody is known to be in (orders name people), and periods that have not begun. `pace` compares with the part of
    the target that the working days so far make; None when the period is over. `target` is None where its currency has no rate.
    """

    target: Decimal | None
    actual: Decimal | None
    pace: float | None
    running: bool

    @property
    def share(self) -> float | None:
        return None if self.actual is None or not self.target else float(self.actual / self.target)


def of(session: Session, rows: Sequence[Any]) -> dict[int, Attainment]:
    """Attainment of each of these targets by its id, in as many queries however many there are."""
    now, home = today(session), tenant_of(session).currency
    begun = [row for row in rows if row.occurred_on <= now and row.kind in MONEY]
    teams = reps.teams(session) if any(row.unit for row in begun) else {}
    actual = _sales(session, [row for row in begun if row.kind == SALES and (row.rep or not row.unit or row.unit in teams)])
    actual |= _won(session, [row for row in begun if row.kind == WON])
    rates = money.rates(session, {row.currency for row in rows if row.currency}, now)
    calendar = of_tenant(session)
    found = {}
    for row in rows:
        rate = rates.get(row.currency or home)
        target = None if row.kind in MONEY and rate is None else row.amount * (rate or 1 if row.kind in MONEY else 1)
        running = row.occurred_on <= now <= row.ends_on
        after = row.ends_on + dt.timedelta(days=1)
        # Today is not over: it does not count as elapsed.
        elapsed, whole = calendar.days(row.occurred_on, min(now, after)), calendar.days(row.occurred_on, after)
        done = actual.get(row.id)
        due = target * elapsed / whole if target and whole else None
        pace = float(done / due) if running and done is not None and due else None
        found[row.id] = Attainment(target, done, pace, running)
    return found


def _sales(session: Session, rows: Sequence[Any]) -> dict[int, Decimal]:
    """Net of orders that stand less what came back, on the days of each target."""
    plain = [row for row in rows if row.product_id is None]
    by_product = [row for row in rows if row.product_id is not None]
    found = dict.fromkeys((row.id for row in rows), Decimal(0))
    for targets, sold in ((plain, SalesOrder), (by_product, OrderLine)):
        for fact, amount in ((sold, sold.net), (ReturnLine, -func.abs(ReturnLine.net))):
            totals = _sold(session, targets, fact, amount) if targets else None
            for number, total in _summed(session, targets, totals).items():
                found[number] += total
    return found


def _sold(session: Session, targets: Sequence[Any], fact: Any, amount: Any) -> Select[Any]:
    """Sums of the rows of `fact` whose order stands, by day and by the order's person and channel (and product)."""
    grains = [SalesOrder.rep.label("rep"), SalesOrder.channel.label("channel")]
    grains += [fact.product_id.label("product_id")] if targets[0].product_id is not None else []
    total = func.sum(money.at_home(amount, fact.currency, fact.occurred_on, tenant_of(session).currency))
    statement = select(fact.occurred_on.label("day"), *grains, total.label("total")).select_from(fact)
    if fact is not SalesOrder:
        statement = statement.outerjoin(SalesOrder, SalesOrder.id == fact.order_id)
    if fact is not ReturnLine:  # an order below nothing is no purchase
        statement = statement.where(func.coalesce(fact.net, 0) >= 0)
    first, last = min(row.occurred_on for row in targets), max(row.ends_on for row in targets)
    statement = statement.where(fact.occurred_on.between(first, last), func.coalesce(SalesOrder.status, "").not_in(VOID))
    return statement.group_by(fact.occurred_on, *grains)


def _won(session: Session, targets: Sequence[Any]) -> dict[int, Decimal]:
    """What opportunities won in the days of each target brought."""
    found = dict.fromkeys((row.id for row in targets), Decimal(0))
    if not targets:
        return found
    tenant, spare = tenant_of(session), dt.timedelta(days=1)
    zone = ZoneInfo(tenant.timezone)
    day = cast(func.timezone(tenant.timezone, Opportunity.closed_at), Date).label("day")
    # Wide bounds that the index serves; the day itself decides.
    first = dt.datetime.combine(min(row.occurred_on for row in targets) - spare, dt.time(), zone)
    last = dt.datetime.combine(max(row.ends_on for row in targets) + 2 * spare, dt.time(), zone)
    amount = money.at_home(Opportunity.won_amount, Opportunity.currency, day, tenant.currency).label("total")
    grains = (Opportunity.rep, Opportunity.unit, Opportunity.channel, Opportunity.product_id)
    totals = (
        select(day, *grains, amount)
        .where(Opportunity.closed_at >= first, Opportunity.closed_at < last)
        .where(Opportunity.status == WON, Opportunity.duplicate.is_not(True))
    )
    return found | _summed(session, targets, totals)


def _summed(session: Session, targets: Sequence[Any], totals: Select[Any] | None) -> dict[int, Decimal]:
    """Sums per target over `totals`: day, total, rep and further grains by their names."""
    if totals is None:
        return {}
    # Read once, however many targets look at it.
    sold = totals.cte("sold").prefix_with("MATERIALIZED", dialect="postgresql")
    one = aliased(Target)
    statement = select(one.id, func.sum(sold.c.total)).join(sold, sold.c.day.between(one.occurred_on, one.ends_on))
    for name in set(sold.c.keys()) - {"day", "total", "rep"}:
        any_of = getattr(one, name).is_(None)
        if name == "unit":  # a person's target is theirs, whichever team it mentions
            any_of = any_of | one.rep.is_not(None)
        statement = statement.where(or_(any_of, sold.c[name] == getattr(one, name)))
    ways = _ways(session, targets, by_team="unit" not in sold.c)
    return _of_people(session, targets, ways, one, sold.c.rep, statement.group_by(one.id))


def _ways(session: Session, targets: Sequence[Any], *, by_team: bool) -> dict[int, list[str]]:
    """How facts may name whose target it is: the person in any way or, where facts name no team, the team's people."""
    staff = reps.staff(session)
    teams = reps.teams(session) if by_team and any(row.unit and not row.rep for row in targets) else {}
    found = {row.id: staff.ways(row.rep) for row in targets if row.rep}
    return found | {row.id: teams[row.unit] for row in targets if not row.rep and row.unit in teams}


def _of_people(
    session: Session, targets: Sequence[Any], ways: dict[int, list[str]], one: Any, rep: Any, statement: Select[Any]
) -> dict[int, Decimal]:
    """What a statement over targets and facts sums: of targets without `ways` as it is, of the others over the facts that
    name their people.
    """
    whole = [row.id for row in targets if row.id not in ways]
    found: dict[int, Decimal] = {}
    statements = [statement.where(one.id.in_(whole))] if whole else []
    pairs = sorted((number, way) for number, own in ways.items() for way in own)
    if pairs:
        named = values(column("target_id", BigInteger), column("way", Text), name="named").data(pairs)
        of = statement.join(named, named.c.target_id == one.id).where(rep == named.c.way)
        statements.append(of.where(one.id.in_(list(ways))))
    for asked in statements:
        found |= {number: total or Decimal(0) for number, total in session.execute(asked)}
    return found
