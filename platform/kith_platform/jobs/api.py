"""Jobs for programs: `/api/v1/jobs`."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.jobs import service
from kith_platform.jobs.models import DISPATCHED, QUEUED, STATES, Job
from kith_platform.jobs.shown import shown

api = Blueprint("jobs_api", __name__, url_prefix="/jobs", description="Work in the background: progress, results, errors")

SHOWN_STATES = tuple(state for state in STATES if state != DISPATCHED)


class JobSchema(Schema):
    id = fields.UUID(attribute="public_id")
    kind = fields.String()
    queue = fields.String()
    state = fields.Function(lambda row: shown(row).state, metadata={"type": "string", "enum": SHOWN_STATES})
    attempt = fields.Integer(metadata={"description": "how often it was begun"})
    created_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    done = fields.Integer(attribute="progress_done")
    total = fields.Integer(attribute="progress_total", allow_none=True, metadata={"description": "null: not known"})
    message = fields.Function(
        lambda row: shown(row, gettext).message,
        metadata={"type": "string", "description": "what it does or why it failed, in the caller's language"},
    )
    error_code = fields.String(metadata={"description": "stable, for programs; empty where it did not fail"})
    result = fields.Dict()
    cancel_requested = fields.Boolean()


class JobPageSchema(Schema):
    jobs = fields.List(fields.Nested(JobSchema))
    next = fields.UUID(allow_none=True, metadata={"description": "give as `before` for older jobs; null at the end"})


class JobQuerySchema(Schema):
    state = fields.String(load_default="", validate=validate.OneOf(("", *SHOWN_STATES)))
    before = fields.UUID(load_default=None, metadata={"description": "the `next` of the page before"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


@api.route("")
class Jobs(MethodView):
    @requires("jobs:read")
    @api.arguments(JobQuerySchema, location="query")
    @api.response(200, JobPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Jobs the caller may see, newest first."""
        state, limit = asked["state"], asked["limit"]
        states = (QUEUED, DISPATCHED) if state == QUEUED else (state,) if state else ()
        rows = service.listing(current_db(), current_actor(), states=states, before=asked["before"], limit=limit + 1)
        return {"jobs": rows[:limit], "next": rows[limit - 1].public_id if len(rows) > limit else None}


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("jobs:read")
    @api.response(200, JobSchema)
    def get(self, public_id: uuid.UUID) -> Job:
        """One job."""
        return service.get(current_db(), current_actor(), public_id)


@api.route("/<uuid:public_id>/cancel")
class Cancel(MethodView):
    @requires("jobs:manage")
    @api.response(200, JobSchema)
    def post(self, public_id: uuid.UUID) -> Job:
        """Cancel a job: at once while it waits, else at its next step. 409 when it is over."""
        return service.cancel(current_db(), current_actor(), public_id)


@api.route("/<uuid:public_id>/retry")
class Retry(MethodView):
    @requires("jobs:manage")
    @api.response(200, JobSchema)
    def post(self, public_id: uuid.UUID) -> Job:
        """Queue a failed or cancelled job again. 409 for any other."""
        return service.retry(current_db(), current_actor(), public_id)
