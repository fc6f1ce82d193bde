"""The dashboard of product sales: which products bring the money and how evenly, as table, chart and file (domain S55)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kith_platform.auth.edge import current_db
from kith_platform.auth.gate import requires
from kith_platform.dashboards import asked as asking
from kith_platform.dashboards import products
from kith_platform.dashboards.products import ProductSales
from kith_platform.opportunities import csv_file
from kith_platform.web.charts import Chart, Series

pages = Blueprint("dashboard_products", __name__, url_prefix="/c/<slug>/dashboards/products")
SHOW = "dashboard_products.show"
CHARTED = 10
FILE = ("number", "name", "net", "share", "units", "margin", "growth", "code")


@pages.get("/")
@requires("metrics:read")
def show(slug: str) -> str:
    """The table, its classes, and what sells most."""
    session, found = current_db(), asking.asked(SHOW)
    if found is None or found.missing or not asking.offered(session, products.KEY):
        return asking.page("dashboards/off.html", SHOW, slug, found)
    code, sort, many = _code(), request.args.get("sort", "-net"), _many()
    rows = products.rows(session, found.period, code=code, sort=sort, limit=many + 1)
    best = products.rows(session, found.period, limit=CHARTED)
    return asking.page(
        "dashboards/products.html",
        SHOW,
        slug,
        found,
        rows=rows[:many],
        more=many + products.PAGE if len(rows) > many and many < products.MOST else None,
        most=len(rows) > many >= products.MOST,
        code=code,
        sort=sort,
        total=products.total(session, found.period),
        matrix=_matrix(slug, found.text, products.matrix(session, found.period)),
        best=_best(best),
        file=url_for("dashboard_products.file", slug=slug, period=found.text, code=code or None),
    )


@pages.get("/products.csv")
@requires("metrics:read")
def file(slug: str) -> Response:  # noqa: ARG001 - the address has it
    """All products of the table, as a file."""
    session, found = current_db(), asking.asked(SHOW)
    head = [gettext("Number"), gettext("Product"), gettext("Net sales"), gettext("Share of sales"), gettext("Units sold")]
    head += [gettext("Margin"), gettext("Growth over a year"), gettext("Class")]
    rows = products.rows(session, found.period, code=_code(), limit=products.ALL) if found else []
    name = f"products-{found.text if found else 'none'}.csv"
    return csv_file.answer(name, head, [[getattr(one, key) for key in FILE] for one in rows])


def _code() -> str:
    asked = request.args.get("code", "")
    return asked if asked in products.CLASSES else ""


def _many() -> int:
    """How many lines: by pages, up to the most that a page bears."""
    typed = request.args.get("show", "")
    pages_asked = -(-int(typed) // products.PAGE) if typed.isdigit() and len(typed) < 6 else 1
    return min(max(pages_asked, 1) * products.PAGE, products.MOST)


def _matrix(slug: str, period: str, cells: Mapping[str, tuple[int, float]]) -> Chart | None:
    """Nine cells, each with its products and their net; a click shows them in the table."""
    if not cells:
        return None
    rows = []
    for abc in "ABC":
        codes = [abc + xyz for xyz in "XYZ"]
        rows.append(
            Series(
                name=abc,
                values=[cells[code][1] if code in cells else None for code in codes],
                labels=[gettext("%(number)s products", number=cells[code][0]) if code in cells else "" for code in codes],
                links=[url_for(SHOW, slug=slug, period=period, code=code) + "#table" if code in cells else "" for code in codes],
            )
        )
    return Chart(
        key="classes",
        title=gettext("Products by margin (A to C) and evenness (X to Z)"),
        kind="heatmap",
        categories=["X", "Y", "Z"],
        series=rows,
        unit="money",
        note=gettext(
            "A brings the first 80 per cent of the margin, B the next 15, C the rest. X sells evenly from month to month, Z by "
            "fits and starts. Twelve months to the end of the period. A cell leads to its products."
        ),
    )


def _best(rows: Sequence[ProductSales]) -> Chart | None:
    """What sells most, and what part of sales that is (the first of a Pareto curve)."""
    if len(rows) < 2:
        return None
    until = rows[-1].until
    told = until is not None and until < 1  # all of them make all of it
    share = gettext("Together they make %(share)s%% of net sales.", share=round(100 * (until or 0))) if told else ""
    return Chart(
        key="best",
        title=gettext("What sells most"),
        kind="row",
        categories=[one.name for one in rows],
        series=[Series(name=gettext("Net sales"), values=[one.net for one in rows])],
        unit="money",
        note=share,
    )
