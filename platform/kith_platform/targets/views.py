"""Pages of targets: how far they are attained, setting one, what they were before, and the table as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from babel.dates import get_month_names
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers.figures import today
from kith_platform.errors import Invalid
from kith_platform.i18n import N_
from kith_platform.opportunities import csv_file, products, reps
from kith_platform.opportunities.reps import Staff
from kith_platform.targets import attainment, service
from kith_platform.targets.attainment import Attainment
from kith_platform.targets.service import Filter
from kith_platform.web.charts import Chart, Series
from kith_platform.web.forms import Form
from kith_platform.web.locale import day
from kith_platform.web.navigation import NavItem

pages = Blueprint("targets", __name__, url_prefix="/c/<slug>/targets")
NAVIGATION = (
    NavItem(
        key="targets",
        label=N_("Targets"),
        icon="target-arrow",
        endpoint="targets.index",
        permission="sales:read",
        section="sales",
        order=40,
    ),
)
KIND_WORDS = {
    "sales": N_("Net sales"),
    "won": N_("Won opportunities"),
    "new_customers": N_("New customers"),
    "tickets": N_("Solved tickets"),
}
FILE_ROWS = 5_000
CHARTED = 15  # bars that still can be read
FILE = ("occurred_on", "ends_on", "kind", "rep", "unit", "channel", "amount", "currency")
FILE_DONE = ("actual", "share", "pace")
FILE_HEAD = (
    N_("From"),
    N_("Last day"),
    N_("Kind"),
    N_("Responsible"),
    N_("Team or branch"),
    N_("Channel"),
    N_("Target"),
    N_("Currency"),
    N_("Product"),
    N_("Actual"),
    N_("Attained"),
    N_("Pace"),
)


@pages.get("/")
@requires("sales:read")
def index(slug: str) -> str:
    """The targets of a year and how far they are attained."""
    session, actor, asked = current_db(), current_actor(), request.args
    year, wanted = _wanted()
    page = service.page(session, actor, wanted, after=asked.get("after", ""), before=asked.get("before", ""))
    rows = [row for row, _product in page.rows]
    done, staff = attainment.of(session, rows), reps.staff(session)
    named = {row.id: whose(row, product, staff) for row, product in page.rows}
    return render_template(
        "targets/index.html",
        slug=slug,
        page=page,
        year=year,
        years=range(today(session).year + 1, today(session).year - 5, -1),
        wanted=wanted,
        done=done,
        whose=named,
        former=service.former(session, rows),
        chart=_chart(rows, done, named),
        kinds=kinds(),
        money=service.MONEY,
        period=period_name,
        staff=staff,
        form=Form(asked),
        file=url_for("targets.file", slug=slug, year=year, kind=wanted.kind or None, rep=wanted.rep or None),
    )


@pages.get("/targets.csv")
@requires("sales:read")
def file(slug: str) -> Response:  # noqa: ARG001 - the address has it
    """The table of a year."""
    session, (year, wanted) = current_db(), _wanted()
    page = service.page(session, current_actor(), wanted, limit=FILE_ROWS)
    done = attainment.of(session, [row for row, _product in page.rows])
    head = [gettext(word) for word in FILE_HEAD]
    lines = [
        [*(getattr(row, name) for name in FILE), _product(product), *(getattr(done[row.id], name) for name in FILE_DONE)]
        for row, product in page.rows
    ]
    return csv_file.answer(f"targets-{year}.csv", head, lines)


@pages.get("/new")
@requires("sales:manage")
def new(slug: str) -> str:
    """The form, filled from a target that is to change."""
    now = today(current_db())
    first = {"kind": service.SALES, "span": "month", "year": now.year, "month": now.month, "quarter": (now.month + 2) // 3}
    first["currency"] = current_actor().currency
    return _form(slug, Form({**first, **request.args.to_dict()}))


@pages.post("/new")
@requires("sales:manage")
def create(slug: str) -> Any:
    """Set a target."""
    typed = request.form
    try:
        days = _days(typed)
        given = {name: typed.get(name, "") for name in ("kind", "amount", "currency", "rep", "unit", "product", "channel")}
        service.put(current_db(), current_actor(), {**given, "starts_on": days[0], "ends_on": days[1]})
    except Invalid as error:
        return _form(slug, Form(typed, error.fields)), 422
    flash(gettext("The target is set."), "good")
    return redirect(url_for("targets.index", slug=slug, year=days[0].year))


def period_name(start: dt.date, end: dt.date) -> str:
    """A month, quarter or year by its name, other days as such."""
    for span, months in service.SPANS.items():
        number = (start.month - 1) // months + 1
        if (start, end) == service.period(span, start.year, number):
            if span == "quarter":
                return str(gettext("Quarter %(number)s of %(year)s", number=number, year=start.year))
            return str(start.year) if span == "year" else str(day(start, "month"))
    return f"{day(start)} – {day(end)}"


def whose(row: Any, product: Any, staff: Staff) -> str:
    """Whose target it is, in words."""
    parts = [staff.name(row.rep), row.unit, _product(product), row.channel]
    return " · ".join(str(part) for part in parts if part) or gettext("Whole company")


def _product(product: Any) -> str | None:
    return (product.name or product.external_id) if product is not None else None


def _chart(rows: Sequence[Any], done: dict[int, Attainment], named: dict[int, str]) -> Chart | None:
    """Attained shares of those that run, else of the latest, each a bar."""
    known = [row for row in rows if done[row.id].share is not None]
    shown = ([row for row in known if done[row.id].running] or known)[:CHARTED]
    if len(shown) < 2:  # one is told by its line of the table
        return None
    named_kinds = kinds()
    return Chart(
        key="attained",
        title=gettext("Attained so far"),
        kind="row",
        unit="percent",
        categories=[f"{named[row.id]} · {named_kinds[row.kind]}" for row in shown],
        series=[Series(name=gettext("Attained"), values=[done[row.id].share for row in shown])],
        note=gettext("100 per cent is the target of the whole period."),
    )


def kinds() -> dict[str, str]:
    """What a target may count, in words."""
    return {key: gettext(word) for key, word in KIND_WORDS.items()}


def _wanted() -> tuple[int, Filter]:
    asked = request.args
    now = today(current_db()).year
    typed = asked.get("year", "")
    year = int(typed) if typed.isdigit() and service.EARLIEST <= int(typed) <= service.LATEST else now
    kind = asked.get("kind", "")
    first, last = service.period("year", year)
    return year, Filter(first, last, kind if kind in service.KINDS else "", asked.get("rep", ""))


def _days(typed: Any) -> tuple[dt.date, dt.date]:
    span = typed.get("span", "")
    number = typed.get(span, "1") if span in ("month", "quarter") else "1"
    year = typed.get("year", "")
    whole = (int(text) if text.isdigit() and len(text) < 5 else 0 for text in (year, number))
    return service.period(span, *whole)


def _form(slug: str, form: Form) -> str:
    session = current_db()
    return render_template(
        "targets/form.html",
        slug=slug,
        form=form,
        kinds=kinds(),
        months=get_month_names("wide", "stand-alone", locale=get_locale()),
        people=reps.staff(session).choices(form.value("rep") or None),
        products=products.offered(session),
    )
