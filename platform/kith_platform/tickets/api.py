"""Tickets for programs: `/api/v1/tickets`."""

from __future__ import annotations

import datetime as dt
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
from kith_platform.tickets import clock, levels, listing, satisfaction, service
from kith_platform.tickets.listing import Filter
from kith_platform.tickets.schemas import (
    AnswerSchema,
    LevelsSchema,
    MessageSchema,
    NewMessageSchema,
    NewStateSchema,
    NewTicketSchema,
    SatisfactionSchema,
    TicketFieldsSchema,
    TicketPageSchema,
    TicketQuerySchema,
    TicketSchema,
    WholeTicketSchema,
)

api = Blueprint("tickets_api", __name__, url_prefix="/tickets", description="Tickets: what customers ask for help with")
MADE = ("id", "customer", "customer_name", "status", "opened_at", "overdue")
PLAIN = (*(name for name in TicketSchema().fields if name not in MADE), "public_id", "occurred_at")
MOVES = {clock.OPEN: service.resume, clock.WAITING: service.wait, clock.SOLVED: service.solve, clock.CLOSED: service.close}


def _plain(row: Any, customer: Customer | None, now: dt.datetime) -> dict[str, Any]:
    whose = {"customer": customer.public_id, "customer_name": customer.name} if customer else {}
    stands = clock.standing(row, now)
    made = {"status": stands.state, "overdue": stands.overdue, "customer": None, "customer_name": None}
    return {name: getattr(row, name) for name in PLAIN} | made | whose


def _whole(row: Any) -> dict[str, Any]:
    session = current_db()
    return {
        **_plain(row, service.customer_of(session, row), dt.datetime.now(dt.UTC)),
        "states": service.history(session, row),
        "messages": service.messages(session, row),
        "satisfaction": satisfaction.of_ticket(session, row),
    }


def _held(public_id: uuid.UUID) -> Any:
    return service.get(current_db(), current_actor(), public_id, lock=True)


@api.route("")
class Tickets(MethodView):
    @requires("tickets:read")
    @api.arguments(TicketQuerySchema, location="query")
    @api.response(200, TicketPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Tickets of customers the caller may see: unsolved ones by what is due first, others newest first."""
        after, limit = asked.pop("after"), asked.pop("limit")
        page = listing.page(current_db(), current_actor(), Filter(**asked), after=after, limit=limit)
        now = dt.datetime.now(dt.UTC)
        return {"tickets": [_plain(row, customer, now) for row, customer in page.rows], "next": page.next}

    @requires("tickets:write")
    @api.arguments(NewTicketSchema)
    @api.response(201, WholeTicketSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Open a ticket, of a customer or of somebody unknown. It is due by its severity's service level."""
        session, actor = current_db(), current_actor()
        asked = given.pop("customer")
        try:
            customer = customers.get(session, actor, asked) if asked else None
        except NotFound:
            raise Invalid(fields=[FieldError("customer", N_("There is no such customer that you can see."))]) from None
        return _whole(service.create(session, actor, given, customer))


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("tickets:read")
    @api.response(200, WholeTicketSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One ticket with its states, messages and the customer's answer."""
        return _whole(service.get(current_db(), current_actor(), public_id))

    @requires("tickets:write")
    @api.arguments(TicketFieldsSchema)
    @api.response(200, WholeTicketSchema)
    def patch(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Change the given fields. With another severity it is due by that one's service level."""
        return _whole(service.change(current_db(), current_actor(), _held(public_id), given))


@api.route("/<uuid:public_id>/status")
class States(MethodView):
    @requires("tickets:write")
    @api.arguments(NewStateSchema)
    @api.response(200, WholeTicketSchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Set the status. `open` opens a solved one again; `waiting` stops the clock; only a solved one is closed."""
        session, actor, row = current_db(), current_actor(), _held(public_id)
        over = clock.state_of(row) in (clock.SOLVED, clock.CLOSED)
        move = service.reopen if given["status"] == clock.OPEN and over else MOVES[given["status"]]
        return _whole(move(session, actor, row))


@api.route("/<uuid:public_id>/messages")
class Messages(MethodView):
    @requires("tickets:write")
    @api.arguments(NewMessageSchema)
    @api.response(201, MessageSchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> Any:
        """Write down a message, ours (`out`) or the customer's (`in`), or a note. Kith sends nothing."""
        return service.say(current_db(), current_actor(), _held(public_id), given)


@api.route("/<uuid:public_id>/satisfaction")
class Satisfaction(MethodView):
    @requires("tickets:write")
    @api.arguments(AnswerSchema)
    @api.response(201, SatisfactionSchema)
    def post(self, given: Mapping[str, Any], public_id: uuid.UUID) -> Any:
        """Enter how content the customer was with a solved ticket."""
        return satisfaction.answer(current_db(), current_actor(), _held(public_id), given)


@api.route("/levels")
class Levels(MethodView):
    @requires("tickets:read")
    @api.response(200, LevelsSchema)
    def get(self) -> dict[str, Any]:
        """What is promised per severity, in business minutes."""
        return _levels()

    @requires(levels.PERMISSION)
    @api.arguments(LevelsSchema)
    @api.response(200, LevelsSchema)
    def put(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Set the service level of the given severities. What is promised already stays."""
        wanted = {one["severity"]: levels.Level(one["reply_minutes"], one["solve_minutes"]) for one in given["levels"]}
        levels.set_levels(current_db(), current_actor(), wanted)
        return _levels()


def _levels() -> dict[str, Any]:
    known = levels.levels(current_db())
    rows = [{"severity": name, "reply_minutes": one.reply, "solve_minutes": one.solve} for name, one in known.items()]
    return {"levels": rows}
