"""Events for programs: `POST /api/v1/events`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.gate import requires
from kith_platform.customers.orders_api import KEY, taken
from kith_platform.customers.schemas import EventBatchSchema, TakenSchema

api = Blueprint("events_api", __name__, url_prefix="/events", description="Events: what customers did, sent in batches")


@api.route("")
class Events(MethodView):
    @requires("facts:write")
    @api.doc(parameters=[KEY])
    @api.arguments(EventBatchSchema)
    @api.response(202, TakenSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Send up to 1,000 events. They are loaded by a job; an event sent again under its id is not counted twice."""
        return taken("events", given["source"], given["events"])
