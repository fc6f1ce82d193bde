"""Scorecards for programs: `/api/v1/scorecards`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from kith_platform.auth.edge import current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.metrics.periods import of_text
from kith_platform.scorecards import board_listing
from kith_platform.scorecards.api import PeriodSchema

api = Blueprint("scorecards_api", __name__, url_prefix="/scorecards", description="Scorecards: scores by what was agreed")


class ScoreIndexSchema(Schema):
    index = fields.Float(allow_none=True, metadata={"description": "0–100; null while it is provisional"})
    value = fields.Float(allow_none=True, metadata={"description": "the mean of what has a score, published or not"})
    coverage = fields.Float(metadata={"description": "share of the weight that has a score; 0.6 are needed"})
    provisional = fields.Boolean()


class ScoreProfileSchema(ScoreIndexSchema):
    key = fields.String()
    process_share = fields.Float(allow_none=True, metadata={"description": "share of the weight on process, not results"})


class ScoreTrendSchema(ScoreIndexSchema):
    month = fields.String()


class ScoreLineSchema(Schema):
    key = fields.String()
    name = fields.String()
    unit = fields.String()
    kind = fields.String(metadata={"description": "process, outcome or mixed"})
    better = fields.String()
    value = fields.Float(allow_none=True)
    reason = fields.String(allow_none=True)
    changes = fields.Dict()
    score = fields.Float(allow_none=True)
    state = fields.String(metadata={"description": "not_agreed, no_value, worse, same, better or reached"})
    criterion = fields.UUID(allow_none=True, metadata={"description": "the signed record"})
    baseline = fields.Float(allow_none=True)
    target = fields.Float(allow_none=True)
    owner = fields.String(allow_none=True)
    due_on = fields.Date(allow_none=True)


class ScorePartSchema(Schema):
    key = fields.String()
    name = fields.String()
    group = fields.String()
    weight = fields.Float(metadata={"description": "share of the whole, in the first profile"})
    score = fields.Float(allow_none=True, metadata={"description": "mean of its metrics' scores"})
    metrics = fields.List(fields.Nested(ScoreLineSchema))


class ScorecardSchema(ScoreIndexSchema):
    key = fields.String()
    module = fields.String()
    name = fields.String()
    metric = fields.String(metadata={"description": "the key under which the index is stored as a metric"})
    profiles = fields.List(fields.Nested(ScoreProfileSchema))
    parts = fields.List(fields.Nested(ScorePartSchema))
    trend = fields.List(fields.Nested(ScoreTrendSchema))


class GoalSchema(Schema):
    key = fields.String()
    name = fields.String()
    model = fields.String()
    campaign = fields.String()
    metrics = fields.List(fields.Nested(ScoreLineSchema))


class ScorecardsSchema(Schema):
    period = fields.Nested(PeriodSchema, allow_none=True)
    scorecards = fields.List(fields.Nested(ScorecardSchema))
    goals = fields.List(fields.Nested(GoalSchema))


class QuerySchema(Schema):
    period = fields.String(load_default="", metadata={"description": "2026-10; default: the newest month that is over"})


@api.route("")
class Scorecards(MethodView):
    @requires("criteria:read")
    @api.arguments(QuerySchema, location="query")
    @api.response(200, ScorecardsSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Every scorecard with its metrics, scores and index, and the six goals."""
        period = of_text(asked["period"]) if asked["period"] else None
        return board_listing.document(current_db(), runtime().plugins, period)
