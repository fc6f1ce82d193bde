"""Demand for programs: `/api/v1/forecasts`."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.forecasts import ordering, service
from kith_platform.forecasts.listing import document
from kith_platform.forecasts.schemas import (
    DemandMakingSchema,
    DemandOrderingSchema,
    DemandPageSchema,
    DemandQuerySchema,
    DemandSchema,
    DemandWholesSchema,
)

api = Blueprint("forecasts_api", __name__, url_prefix="/forecasts", description="Demand: forecasts, seasons, what to order")


@api.route("")
class Forecasts(MethodView):
    @requires("models:read")
    @api.arguments(DemandQuerySchema, location="query")
    @api.response(200, DemandPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Products, A first, each with forecast and advice."""
        session = current_db()
        page, made = service.page(session, **asked), service.run(session)
        rows = [document(one, gettext) for one in page.rows]
        return {
            "forecasts": rows,
            "next": page.next,
            "as_of": made.as_of if made else None,
            "missing": "" if rows else service.missing(session),
        }

    @requires("models:train")
    @api.response(202, DemandMakingSchema)
    def post(self) -> dict[str, Any]:
        """Ask for all forecasts anew; a job that waits or runs is returned instead."""
        job = service.ask_forecasts(current_db(), current_actor())
        return {"job": job.public_id, "state": job.state}


@api.route("/families")
class Families(MethodView):
    @requires("models:read")
    @api.response(200, DemandWholesSchema)
    def get(self) -> dict[str, Any]:
        """The whole company and its largest families."""
        session = current_db()
        return {"forecasts": [document(one, gettext) for one in service.advised(session, service.wholes(session))]}


@api.route("/products/<uuid:public_id>")
class OfProduct(MethodView):
    @requires("models:read")
    @api.response(200, DemandSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One product."""
        return document(service.of_product(current_db(), public_id), gettext)


@api.route("/products/<uuid:public_id>/ordering")
class OrderingOfProduct(MethodView):
    @requires(ordering.PERMISSION)
    @api.arguments(DemandOrderingSchema)
    @api.response(200, DemandSchema)
    def put(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Enter how a product is ordered; null falls back to its family, the company, the usual values."""
        session = current_db()
        scope = service.of_product(session, public_id).row.scope
        ordering.put(session, current_actor(), scope, given)
        return document(service.of_product(session, public_id), gettext)
