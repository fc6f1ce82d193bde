"""The dashboard of people: who looks after how many customers, how they sell, and each one's open deals (domain S53)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers.figures import today
from kith_platform.dashboards import asked as asking
from kith_platform.dashboards import people
from kith_platform.dashboards.people import Person
from kith_platform.dashboards.readiness import last_day
from kith_platform.leads import scored
from kith_platform.metrics.periods import months
from kith_platform.opportunities import chances, csv_file, listing, money, stages, words
from kith_platform.opportunities.chances import Chance
from kith_platform.opportunities.listing import Filter
from kith_platform.scorecards.card import month_name, polyline
from kith_platform.sdk.types import Period
from kith_platform.web.charts import Chart, Series

pages = Blueprint("dashboard_people", __name__, url_prefix="/c/<slug>/dashboards/people")
SHOW, PERSON = "dashboard_people.show", "dashboard_people.person"
PAGE, MOST = 50, 1_000
RISKY = 10  # customers at risk that a person's page names


@pages.get("/")
@requires("sales:read")
def show(slug: str) -> str:
    """A line per person."""
    session, found = current_db(), asking.asked(SHOW)
    if found is None or found.missing:
        return asking.page("", SHOW, slug, found)
    everybody = people.everybody(session, current_actor(), found.period)
    many = _many()
    return asking.page(
        "dashboards/people.html",
        SHOW,
        slug,
        found,
        people=everybody[:many],
        more=many + PAGE if len(everybody) > many < MOST else None,
        number=len(everybody),
        lines={one.rep: polyline(one.months) for one in everybody[:many]},
        keys=people,
        book=_customers(everybody),
    )


@pages.get("/person")
@requires("sales:read")
def person(slug: str) -> str:
    """One person: months, open deals with their chances, and customers at risk."""
    session, actor, found = current_db(), current_actor(), asking.asked(PERSON)
    rep = request.args.get("rep", "")
    if found is None or found.missing:
        return asking.page("", PERSON, slug, found)
    one = people.somebody(session, actor, found.period, rep)
    wanted = Filter(status="open", rep=one.rep)
    deals = listing.page(session, actor, wanted, after=request.args.get("after", ""), before=request.args.get("before", ""))
    rows = [row for row, _customer in deals.rows]
    member = people.members(session).get(one.rep)
    return asking.page(
        "dashboards/person.html",
        PERSON,
        slug,
        found,
        one=one,
        keys=people,
        deals=deals,
        chances=(likely := chances.of(session, rows, scored.serving(session, actor, "opportunities", [row.id for row in rows]))),
        weighted=_weighted(rows, likely),
        stages=stages.by_text(stages.stages(session)),
        stage_name=words.stage_name,
        sales=_months(one, months(last_day(found.period), people.MONTHS)),
        risky=people.risky(session, actor, one.rep, RISKY),
        customers=url_for("customers.index", slug=slug, owner=member) if member else None,
        risky_list=url_for("customers.index", slug=slug, owner=member, lifecycle=people.AT_RISK) if member else None,
    )


@pages.get("/people.csv")
@requires("sales:read")
def file(slug: str) -> Response:  # noqa: ARG001 - the address has it
    """The table, as a file."""
    session, found = current_db(), asking.asked(SHOW)
    head = [gettext("Staff member"), gettext("Customers"), gettext("At risk"), gettext("Net sales")]
    head += [gettext("Growth over a year"), gettext("Win rate"), gettext("Weighted pipeline"), gettext("Open deals")]
    head += [gettext("Minutes to the first contact with a lead"), gettext("Within the service level")]
    everybody = people.everybody(session, current_actor(), found.period) if found else []
    return csv_file.answer(f"people-{found.text if found else 'none'}.csv", head, [_cells(one) for one in everybody])


def _cells(one: Person) -> list[Any]:
    values = [one.value(key) for key in (people.SALES, people.WON, people.PIPELINE)]
    more = [one.value(key) for key in (people.LEADS, people.SLA)]
    return [one.name, one.book.customers, one.book.at_risk, one.net, *values, one.deals, *more]


def _many() -> int:
    typed = request.args.get("show", "")
    asked = -(-int(typed) // PAGE) if typed.isdigit() and len(typed) < 6 else 1
    return min(max(asked, 1) * PAGE, MOST)


def _customers(everybody: Sequence[Person]) -> Chart | None:
    """How the customers are spread, and how many of each decline."""
    shown = sorted((one for one in everybody if one.book.customers), key=lambda one: -one.book.customers)[:15]
    if len(shown) < 2:
        return None
    return Chart(
        key="customers",
        title=gettext("Customers of each person"),
        kind="row",
        categories=[one.name.partition("@")[0] for one in shown],
        series=[Series(name=gettext("Customers"), values=[one.book.customers for one in shown])],
    )


def _weighted(rows: Sequence[Any], likely: dict[int, Chance]) -> dict[int, float | None]:
    """Amount × chance by opportunity, in the company's currency; None without an amount, a chance or a rate."""
    session = current_db()
    rates = money.rates(session, {row.currency for row in rows if row.currency}, today(session))
    found: dict[int, float | None] = {}
    for row in rows:
        rate, chance = rates.get(row.currency), likely[row.id].value
        found[row.id] = None if row.amount is None or rate is None or chance is None else float(row.amount * rate) * chance
    return found


def _months(one: Person, places: Sequence[Period]) -> Chart | None:
    if sum(value is not None for value in one.months) < 2:
        return None
    return Chart(
        key="sales",
        title=gettext("Net sales by month"),
        kind="bar",
        categories=[month_name(place) for place in places],
        series=[Series(name=one.name, values=one.months)],
        unit="money",
        x_label=gettext("Month"),
    )
