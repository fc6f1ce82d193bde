"""Segments for programs: `/api/v1/segments`."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import listing
from kith_platform.customers.listing import Filter
from kith_platform.segments import counting, history, reading, service, vocabulary
from kith_platform.segments.models import Segment
from kith_platform.segments.schemas import (
    CountSchema,
    MemberPageSchema,
    MemberQuerySchema,
    NewSegmentSchema,
    RuleSchema,
    SegmentListSchema,
    SegmentSchema,
)
from kith_platform.segments.vocabulary import Vocabulary

api = Blueprint("segments_api", __name__, url_prefix="/segments", description="Segments: rules, and who fulfils them")
SHOWN = ("name", "about", "dynamic", "rule", "version", "state", "as_of", "seconds", "created_at", "changed_at")


def _document(session: Session, row: Segment) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in SHOWN}
    return {**plain, "public_id": row.public_id, "size": history.size(session, current_actor(), row)}


def _vocabulary(session: Session) -> Vocabulary:
    return vocabulary.of_company(session, runtime().facts, runtime().plugins, current_actor())


@api.route("")
class Segments(MethodView):
    @requires("segments:read")
    @api.response(200, SegmentListSchema)
    def get(self) -> dict[str, Any]:
        """The company's segments, by name."""
        session = current_db()
        return {"segments": [_document(session, row) for row in service.listed(session)]}

    @requires("segments:write")
    @api.arguments(NewSegmentSchema)
    @api.response(201, SegmentSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Make a segment. Its members are counted at once, by a job; `state` says when they are there."""
        session = current_db()
        return _document(session, service.create(session, current_actor(), given, _vocabulary(session)))


@api.route("/count")
class Counts(MethodView):
    @requires("segments:read")
    @api.arguments(RuleSchema)
    @api.response(200, CountSchema)
    def post(self, given: dict[str, Any]) -> counting.Count:
        """How many customers fulfil a rule. One that counts facts gives an estimate from one customer in a hundred, if many."""
        session, held = current_db(), runtime()
        words = _vocabulary(session)
        rule, scope = reading.read(given["rule"], words), service.scope(session, held.facts, words)
        if given["exact"]:
            return counting.exact(session, held, current_tenant(), current_actor(), rule, scope)
        return counting.live(session, held, current_tenant(), current_actor(), rule, scope)


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("segments:read")
    @api.response(200, SegmentSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One segment."""
        return _document(current_db(), service.get(current_db(), public_id))

    @requires("segments:write")
    @api.arguments(NewSegmentSchema)
    @api.response(200, SegmentSchema)
    def put(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Change a segment. With another rule its members are counted again."""
        session = current_db()
        row = service.get(session, public_id)
        return _document(session, service.change(session, current_actor(), row, given, _vocabulary(session)))

    @requires("segments:write")
    @api.response(204)
    def delete(self, public_id: uuid.UUID) -> None:
        """Remove a segment; refused while another one's rule asks for it."""
        service.remove(current_db(), current_actor(), service.get(current_db(), public_id))


@api.route("/<uuid:public_id>/members")
class Members(MethodView):
    @requires("segments:read")
    @api.arguments(MemberQuerySchema, location="query")
    @api.response(200, MemberPageSchema)
    def get(self, asked: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """The members the caller may see, by name."""
        row = service.get(current_db(), public_id)
        page = listing.page(current_db(), current_actor(), Filter(segment=row.id), after=asked["after"], limit=asked["limit"])
        return {"customers": page.customers, "next": page.next}
