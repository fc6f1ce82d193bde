"""The company's calendar for programs: `/api/v1/calendar`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db, current_tenant
from kith_platform.auth.gate import requires
from kith_platform.calendar import service
from kith_platform.calendar.schemas import CalendarSchema, ClosedDaySchema, NewHoursSchema
from kith_platform.errors import BadRequest, NotFound
from kith_platform.i18n import N_

api = Blueprint("calendar_api", __name__, url_prefix="/calendar", description="When the company works: business time")


@api.route("")
class Calendar(MethodView):
    @requires("facts:read")
    @api.response(200, CalendarSchema)
    def get(self) -> dict[str, Any]:
        """Opening hours and closed days."""
        return _calendar()

    @requires(service.PERMISSION)
    @api.arguments(NewHoursSchema)
    @api.response(200, CalendarSchema)
    def put(self, given: dict[str, Any]) -> dict[str, Any]:
        """Put these opening hours in place of the former ones."""
        hours = [(one["weekday"], one["opens"], one["closes"]) for one in given["hours"]]
        service.set_hours(current_db(), current_actor(), hours)
        return _calendar()


@api.route("/closed")
class Closed(MethodView):
    @requires(service.PERMISSION)
    @api.arguments(ClosedDaySchema)
    @api.response(201, ClosedDaySchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Close on a day; one that was closed already takes the new name."""
        service.close(current_db(), current_actor(), given["day"], name=given["name"])
        return given


@api.route("/closed/<day>")
class OneClosed(MethodView):
    @requires(service.PERMISSION)
    @api.response(204)
    def delete(self, day: str) -> None:
        """Open again on a day."""
        try:
            found = service.reopen(current_db(), current_actor(), dt.date.fromisoformat(day))
        except ValueError:
            raise BadRequest(N_("Give the day as YYYY-MM-DD.")) from None
        if not found:
            raise NotFound


def _calendar() -> dict[str, Any]:
    session = current_db()
    hours = [{"weekday": weekday, "opens": opens, "closes": closes} for weekday, opens, closes in service.hours(session)]
    return {"timezone": current_tenant().timezone, "hours": hours, "closed": service.closed_days(session)}
