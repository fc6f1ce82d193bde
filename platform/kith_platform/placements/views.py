"""The map of a placement: its groups, how many customers stand in each, and the way to them."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.placements import service
from kith_platform.web.charts import Chart, Series

pages = Blueprint("placements", __name__, url_prefix="/c/<slug>/placements")


@pages.get("/<key>")
@requires("customers:read")
def show(slug: str, key: str) -> str:
    """One cell per code; each opens its customers."""
    session, actor, kith = current_db(), current_actor(), runtime()
    found = service.offered(session, kith.plugins, key)
    counted = {cell.code: cell for cell in service.codes(session, key, actor)}
    column = next((one for one in found.placement.columns if one.kind == "text"), None)
    number = next((one for one in found.placement.columns if one.kind == "number"), None)
    labels = dict(column.labels) if column else {}
    codes = [*labels, *(code for code in counted if code not in labels)]
    names = {code: gettext(labels[code]) if code in labels else code for code in codes}
    total = sum(cell.customers for cell in counted.values())
    return render_template(
        "metrics/placement.html",
        slug=slug,
        placement=found.placement,
        cells=[(code, names[code], counted.get(code)) for code in codes],
        total=total,
        number=number,
        as_of=service.as_of(session, key),
        say=gettext,  # the words of modules may hold a bare per cent sign
        maps=service.catalogue(session, kith.plugins),
        chart=Chart(
            key=key,
            title=gettext("Customers in each group"),
            kind="row",
            categories=[names[code] for code in codes],
            series=[
                Series(name=gettext("Customers"), values=[counted[code].customers if code in counted else 0 for code in codes])
            ],
        ),
    )
