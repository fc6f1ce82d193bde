"""Data quality for programs: `/api/v1/quality`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.quality import service
from kith_platform.quality.required import choose, required
from kith_platform.quality.schemas import QualitySchema, RequiredSchema, TrendQuerySchema, TrendSchema

api = Blueprint("quality_api", __name__, url_prefix="/quality", description="How good the data are, and what to mend")


@api.route("")
class Quality(MethodView):
    @requires("metrics:read")
    @api.response(200, QualitySchema)
    def get(self) -> dict[str, Any]:
        """Every measure of every source and field, the issues, and what filling fields would bring a model."""
        return service.document(current_db(), current_actor(), now=dt.datetime.now(dt.UTC))


@api.route("/trend")
class Trend(MethodView):
    @requires("metrics:read")
    @api.arguments(TrendQuerySchema, location="query")
    @api.response(200, TrendSchema)
    def get(self, asked: dict[str, str]) -> dict[str, Any]:
        """The measures of a source and field over a year: the days on which they changed."""
        session = current_db()
        run = service.overview(session).run
        lines = service.trend(session, run, asked["source"], asked["field"]) if run else {}
        return {
            **asked,
            "lines": {metric: [{"day": day, "value": value} for day, value in line] for metric, line in lines.items() if line},
        }


@api.route("/required")
class Required(MethodView):
    @requires("modules:manage")
    @api.arguments(RequiredSchema)
    @api.response(200, RequiredSchema)
    def put(self, given: dict[str, Any]) -> dict[str, Any]:
        """Choose the fields that every customer should have. A refresh measures anew."""
        session = current_db()
        choose(session, current_actor(), given["fields_"])
        return {"fields_": list(required(session))}
