"""Orders for programs: `/api/v1/orders`."""

from __future__ import annotations

from typing import Any

from flask import request
from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import batches, orders
from kith_platform.customers.schemas import OrderBatchSchema, OrderPageSchema, OrderQuerySchema, TakenSchema

api = Blueprint("orders_api", __name__, url_prefix="/orders", description="Orders: read them, send them in batches")
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 80},
    "description": "the same rows under the same key are taken once",
}


@api.route("")
class Orders(MethodView):
    @requires("facts:read")
    @api.arguments(OrderQuerySchema, location="query")
    @api.response(200, OrderPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Orders of customers the caller may see, newest first."""
        found, further = orders.page(current_db(), current_actor(), **asked)
        return {"orders": found, "next": further}

    @requires("facts:write")
    @api.doc(parameters=[KEY])
    @api.arguments(OrderBatchSchema)
    @api.response(202, TakenSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Send up to 1,000 orders. They are loaded by a job; an order sent again under its id is updated, not doubled."""
        return taken("orders", given["source"], given["orders"])


def taken(table: str, source: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Ask for a batch and say which import and job it became."""
    key = request.headers.get("Idempotency-Key", "").strip()[:80]
    row, job = batches.take(current_db(), current_actor(), runtime(), table=table, source=source, rows=rows, key=key)
    return {"import_id": row.public_id, "job": job, "rows": len(rows)}
