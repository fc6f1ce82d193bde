"""Leads for programs: `/api/v1/leads`."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.leads import converting, known, listing, service
from kith_platform.leads.listing import Filter
from kith_platform.leads.schemas import (
    AssignSchema,
    ConvertedSchema,
    ConvertSchema,
    DisqualifySchema,
    LeadFieldsSchema,
    LeadPageSchema,
    LeadQuerySchema,
    LeadSchema,
    WholeLeadSchema,
)
from kith_platform.opportunities import contacts
from kith_platform.opportunities.api import document as opportunity_document
from kith_platform.opportunities.schemas import ActivitySchema, NewActivitySchema

api = Blueprint("leads_api", __name__, url_prefix="/leads", description="Leads: who may become a customer")
PLAIN = tuple(field.attribute or name for name, field in LeadSchema().fields.items() if name != "status")


def _document(row: Any) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in PLAIN}, "status": row.status or service.NEW}


def _whole(row: Any) -> dict[str, Any]:
    session, actor = current_db(), current_actor()
    customer = service.customer_of(session, row)
    found = known.find(session, actor, row) if customer is None else []
    return {
        **_document(row),
        "customer": customer.public_id if customer else None,
        "known": [
            {"customer": one.customer.public_id if one.seen else None, "why": one.why, "certain": one.certain} for one in found
        ],
        "opportunities": [one.public_id for one in service.opportunities_of(session, row)],
        "activities": contacts.of(session, lead=row.id),
    }


def _held(public_id: uuid.UUID) -> Any:
    return service.get(current_db(), current_actor(), public_id, lock=True)


@api.route("")
class Leads(MethodView):
    @requires("sales:read")
    @api.arguments(LeadQuerySchema, location="query")
    @api.response(200, LeadPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Leads the caller may see, newest first."""
        after, limit = asked.pop("after"), asked.pop("limit")
        page = listing.page(current_db(), current_actor(), Filter(**asked), after=after, limit=limit)
        return {"leads": [_document(row) for (row,) in page.rows], "next": page.next}

    @requires("sales:write")
    @api.arguments(LeadFieldsSchema)
    @api.response(201, WholeLeadSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Add a lead, as a form on a website would."""
        return _whole(service.create(current_db(), current_actor(), given))


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("sales:read")
    @api.response(200, WholeLeadSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One lead: its contacts, and the customers who may be the same."""
        return _whole(service.get(current_db(), current_actor(), public_id))

    @requires("sales:write")
    @api.arguments(LeadFieldsSchema)
    @api.response(200, WholeLeadSchema)
    def patch(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Change the given fields."""
        return _whole(service.change(current_db(), current_actor(), _held(public_id), given))


@api.route("/<uuid:public_id>/rep")
class Owners(MethodView):
    @requires("sales:write")
    @api.arguments(AssignSchema)
    @api.response(200, WholeLeadSchema)
    def put(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Give it to a person of the staff."""
        return _whole(service.assign(current_db(), current_actor(), _held(public_id), given["rep"]))


@api.route("/<uuid:public_id>/activities")
class Activities(MethodView):
    @requires("sales:write")
    @api.arguments(NewActivitySchema)
    @api.response(201, ActivitySchema)
    def post(self, given: dict[str, Any], public_id: uuid.UUID) -> Any:
        """Write down a contact with it."""
        return service.contact(current_db(), current_actor(), _held(public_id), given)


@api.route("/<uuid:public_id>/qualified")
class Qualifications(MethodView):
    @requires("sales:write")
    @api.response(200, WholeLeadSchema)
    def post(self, public_id: uuid.UUID) -> dict[str, Any]:
        """Say that it is worth pursuing."""
        return _whole(service.qualify(current_db(), current_actor(), _held(public_id)))


@api.route("/<uuid:public_id>/disqualified")
class Disqualifications(MethodView):
    @requires("sales:write")
    @api.arguments(DisqualifySchema)
    @api.response(200, WholeLeadSchema)
    def post(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Say that it is not, and why."""
        return _whole(service.disqualify(current_db(), current_actor(), _held(public_id), given["reason"]))

    @requires("sales:write")
    @api.response(200, WholeLeadSchema)
    def delete(self, public_id: uuid.UUID) -> dict[str, Any]:
        """Take it back."""
        return _whole(service.take_back(current_db(), current_actor(), _held(public_id)))


@api.route("/<uuid:public_id>/converted")
class Conversions(MethodView):
    @requires("sales:write")
    @api.arguments(ConvertSchema)
    @api.response(201, ConvertedSchema)
    def post(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Make it a customer with an opportunity, in one step. A customer that certainly is the same is found, not doubled."""
        session, actor = current_db(), current_actor()
        row = _held(public_id)
        chosen, anew = given.pop("customer"), given.pop("new_customer")
        done = converting.convert(session, actor, row, given, customer=chosen, new_customer=anew)
        document = opportunity_document(done.opportunity, done.customer)
        return {"customer": done.customer.public_id, "found": done.found, "opportunity": document}
