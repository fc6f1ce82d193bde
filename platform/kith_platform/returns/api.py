"""Returns for programs: `/api/v1/returns`."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.returns import service
from kith_platform.returns.listing import figures_document, initiative_document
from kith_platform.returns.schemas import (
    EnteredSchema,
    InitiativeSchema,
    NewBenefitSchema,
    NewCostSchema,
    NewInitiativeSchema,
    ReturnsQuerySchema,
    ReturnsSchema,
)

api = Blueprint("returns_api", __name__, url_prefix="/returns", description="What initiatives cost and bring")


@api.route("")
class Returns(MethodView):
    @requires("criteria:read")
    @api.arguments(ReturnsQuerySchema, location="query")
    @api.response(200, ReturnsSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """All initiatives together, and each with its cost, claimed and proven return, the last entered first."""
        session, plugins = current_db(), runtime().plugins
        found = service.page(session, plugins, before=asked["after"], limit=asked["limit"])
        shown = found[: asked["limit"]]
        return {
            "currency": current_tenant().currency,
            "discount_rate": service.discount_rate(session, plugins),
            "total": figures_document(service.total(session, plugins)),
            "unknown_initiatives": service.unknown(session),
            "initiatives": [initiative_document(one) for one in shown],
            "next": shown[-1].row.public_id if len(found) > len(shown) else None,
        }


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("criteria:read")
    @api.response(200, InitiativeSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One initiative."""
        return initiative_document(service.get(current_db(), runtime().plugins, public_id))


@api.route("/initiatives")
class Initiatives(MethodView):
    @requires("criteria:sign")
    @api.arguments(NewInitiativeSchema)
    @api.response(201, InitiativeSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Enter an initiative."""
        row = service.add_initiative(current_db(), current_actor(), given)
        return initiative_document(service.get(current_db(), runtime().plugins, row.public_id))


@api.route("/costs")
class Costs(MethodView):
    @requires("criteria:sign")
    @api.arguments(NewCostSchema)
    @api.response(201, EnteredSchema)
    def post(self, given: dict[str, Any]) -> Any:
        """Enter a cost of an initiative."""
        return service.add_cost(current_db(), current_actor(), given)


@api.route("/benefits")
class Benefits(MethodView):
    @requires("criteria:sign")
    @api.arguments(NewBenefitSchema)
    @api.response(201, EnteredSchema)
    def post(self, given: dict[str, Any]) -> Any:
        """Enter a benefit of an initiative; shares that do not sum to 1 are refused."""
        return service.add_benefit(current_db(), current_actor(), given)
