"""Opportunities for programs: `/api/v1/opportunities`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.errors import FieldError, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.opportunities import contacts, funnel, listing, service, stages
from kith_platform.opportunities.listing import Filter
from kith_platform.opportunities.schemas import (
    ActivitySchema,
    FunnelQuerySchema,
    FunnelSchema,
    LoseSchema,
    NewActivitySchema,
    NewOpportunitySchema,
    OpportunityFieldsSchema,
    OpportunityPageSchema,
    OpportunityQuerySchema,
    OpportunitySchema,
    StageMoveSchema,
    StagesSchema,
    WholeOpportunitySchema,
    WinSchema,
)

api = Blueprint("opportunities_api", __name__, url_prefix="/opportunities", description="Opportunities: deals in stages")
PLAIN = tuple(
    name for name in OpportunitySchema().fields if name not in ("id", "customer", "customer_name", "status", "opened_at")
)


def document(row: Any, customer: Customer | None) -> dict[str, Any]:
    """An opportunity as programs read it."""
    plain = {name: getattr(row, name) for name in (*PLAIN, "public_id", "occurred_at")}
    whose = {"customer": customer.public_id, "customer_name": customer.name} if customer else {}
    return {**plain, "status": row.status or service.OPEN, "customer": None, "customer_name": None, **whose}


def _whole(row: Any) -> dict[str, Any]:
    session = current_db()
    plain = document(row, service.customer_of(session, row))
    return {
        **plain,
        "stages": listing.history(session, row),
        "activities": contacts.of(session, lead=row.lead_id, opportunity=row.id),
    }


def _held(public_id: uuid.UUID) -> Any:
    return service.get(current_db(), current_actor(), public_id, lock=True)


@api.route("")
class Opportunities(MethodView):
    @requires("sales:read")
    @api.arguments(OpportunityQuerySchema, location="query")
    @api.response(200, OpportunityPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Opportunities of customers the caller may see, newest first."""
        after, limit = asked.pop("after"), asked.pop("limit")
        page = listing.page(current_db(), current_actor(), Filter(**asked), after=after, limit=limit)
        return {"opportunities": [document(row, customer) for row, customer in page.rows], "next": page.next}

    @requires("sales:write")
    @api.arguments(NewOpportunitySchema)
    @api.response(201, WholeOpportunitySchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Open an opportunity of a customer. Without `rep` it is the caller's."""
        session, actor = current_db(), current_actor()
        try:
            customer = customers.get(session, actor, given.pop("customer"))
        except NotFound:
            raise Invalid(fields=[FieldError("customer", N_("There is no such customer that you can see."))]) from None
        return _whole(service.create(session, actor, given, customer))


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("sales:read")
    @api.response(200, WholeOpportunitySchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One opportunity with its stages and contacts."""
        return _whole(service.get(current_db(), current_actor(), public_id))

    @requires("sales:write")
    @api.arguments(OpportunityFieldsSchema)
    @api.response(200, WholeOpportunitySchema)
    def patch(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Change the given fields. Stage and status change by moving, winning, losing and opening again."""
        return _whole(service.change(current_db(), current_actor(), _held(public_id), given))


@api.route("/<uuid:public_id>/stage")
class Moves(MethodView):
    @requires("sales:write")
    @api.arguments(StageMoveSchema)
    @api.response(200, WholeOpportunitySchema)
    def post(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Move it to a stage, forth or back. Standing there already it stays as it is."""
        return _whole(service.move(current_db(), current_actor(), _held(public_id), given["stage"]))


@api.route("/<uuid:public_id>/won")
class Wins(MethodView):
    @requires("sales:write")
    @api.arguments(WinSchema)
    @api.response(200, WholeOpportunitySchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Close it as won."""
        return _whole(service.win(current_db(), current_actor(), _held(public_id), given["won_amount"]))


@api.route("/<uuid:public_id>/lost")
class Losses(MethodView):
    @requires("sales:write")
    @api.arguments(LoseSchema)
    @api.response(200, WholeOpportunitySchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Close it as lost, with the reason."""
        row = service.lose(current_db(), current_actor(), _held(public_id), given["loss_reason"], given["competitor"])
        return _whole(row)


@api.route("/<uuid:public_id>/open")
class Reopenings(MethodView):
    @requires("sales:write")
    @api.response(200, WholeOpportunitySchema)
    def post(self, public_id: uuid.UUID) -> dict[str, Any]:
        """Open a closed one again."""
        return _whole(service.reopen(current_db(), current_actor(), _held(public_id)))


@api.route("/<uuid:public_id>/activities")
class Activities(MethodView):
    @requires("sales:write")
    @api.arguments(NewActivitySchema)
    @api.response(201, ActivitySchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> Any:
        """Write down a contact about it."""
        session, actor = current_db(), current_actor()
        row = service.get(session, actor, public_id)
        return contacts.log(session, actor, given, customer=service.customer_of(session, row), opportunity=row)


@api.route("/stages")
class Stages(MethodView):
    @requires("sales:read")
    @api.response(200, StagesSchema)
    def get(self) -> dict[str, Any]:
        """The company's stages in order, and the reasons of a loss to choose from."""
        return {"stages": stages.stages(current_db()), "loss_reasons": stages.reasons(current_db())}

    @requires("sales:manage")
    @api.arguments(StagesSchema)
    @api.response(200, StagesSchema)
    def put(self, given: dict[str, Any]) -> dict[str, Any]:
        """Set the stages, in this order, and the reasons where they are given. Deals keep the stage they stand in."""
        session, actor = current_db(), current_actor()
        stages.set_stages(session, actor, given["stages"])
        if "loss_reasons" in given:
            stages.set_reasons(session, actor, given["loss_reasons"])
        return {"stages": stages.stages(session), "loss_reasons": stages.reasons(session)}


@api.route("/funnel")
class Funnel(MethodView):
    @requires("sales:read")
    @api.arguments(FunnelQuerySchema, location="query")
    @api.response(200, FunnelSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Who entered each stage in these days, who went on within 60 days, how long it took, and why deals were lost."""
        session, actor = current_db(), current_actor()
        span = funnel.span(session, asked["start"], asked["end"], asked["rep"])
        return {
            "start": span.start,
            "end": span.end,
            "steps": funnel.steps(session, actor, span),
            "losses": funnel.losses(session, actor, span),
        }
