"""Targets for programs: `/api/v1/targets`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers.figures import today
from kith_platform.opportunities import products
from kith_platform.targets import attainment, service
from kith_platform.targets.schemas import NewTargetSchema, TargetPageSchema, TargetQuerySchema, TargetSchema
from kith_platform.targets.service import Filter

api = Blueprint("targets_api", __name__, url_prefix="/targets", description="Targets by period, and how far they are attained")
SHOWN = ("occurred_on", "ends_on", "kind", "amount", "currency", "rep", "unit", "channel", "set_at")


def _documents(rows: list[Any]) -> list[dict[str, Any]]:
    session = current_db()
    done, named = attainment.of(session, rows), products.names(session, [row.product_id for row in rows])
    return [
        {name: getattr(row, name) for name in SHOWN}
        | {"product": named.get(row.product_id)}
        | {name: getattr(done[row.id], name) for name in ("actual", "share", "pace")}
        for row in rows
    ]


@api.route("")
class Targets(MethodView):
    @requires("sales:read")
    @api.arguments(TargetQuerySchema, location="query")
    @api.response(200, TargetPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The targets that count now and touch these days, with what is attained."""
        first, last = service.period("year", today(current_db()).year)
        wanted = Filter(asked["start"] or first, asked["end"] or last, asked["kind"], asked["rep"])
        page = service.page(current_db(), current_actor(), wanted, after=asked["after"], limit=asked["limit"])
        return {"targets": _documents([row for row, _product in page.rows]), "next": page.next}

    @requires("sales:manage")
    @api.arguments(NewTargetSchema)
    @api.response(200, TargetSchema)
    def put(self, given: dict[str, Any]) -> dict[str, Any]:
        """Set a target for these days, of whom it names. Another amount is a new version; the same one changes nothing."""
        return _documents([service.put(current_db(), current_actor(), given)])[0]
