"""Metrics for programs: `/api/v1/metrics`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.jobs.models import Job
from kith_platform.metrics import listing, service, store
from kith_platform.metrics.periods import of_text

api = Blueprint("metrics_api", __name__, url_prefix="/metrics", description="Metrics of the enabled modules")


class ValueSchema(Schema):
    key = fields.String()
    module = fields.String()
    name = fields.String()
    unit = fields.String(metadata={"description": "ratio, money, count, days, points, score or list"})
    currency = fields.String(allow_none=True)
    better = fields.String()
    value = fields.Float(allow_none=True, metadata={"description": "null with a reason where there is none, never 0"})
    n = fields.Integer()
    low = fields.Float(allow_none=True, metadata={"description": "95 % interval"})
    high = fields.Float(allow_none=True)
    reason = fields.String(allow_none=True)
    flags = fields.List(fields.String())
    coverage = fields.Float(allow_none=True, metadata={"description": "share of amounts that had an exchange rate"})
    compared = fields.Dict(metadata={"description": "values of the month (mom) and year (yoy) before, over the same days"})
    changes = fields.Dict(metadata={"description": "relative changes; null with base 0"})
    rows = fields.List(fields.Dict())
    computed_at = fields.String(allow_none=True)


class PeriodSchema(Schema):
    first = fields.String(attribute="from", data_key="from")
    to = fields.String(metadata={"description": "the last day, counted in"})
    is_partial = fields.Boolean(attribute="partial", data_key="partial", allow_none=True)
    until = fields.String(allow_none=True, metadata={"description": "the last day the data cover"})
    snapshot = fields.String(allow_none=True)


class MetricsSchema(Schema):
    period = fields.Nested(PeriodSchema, allow_none=True)
    metrics = fields.List(fields.Nested(ValueSchema))


class QuerySchema(Schema):
    period = fields.String(
        load_default="", metadata={"description": "2026-10 or 2026-10-01..2026-10-15; default: the newest month"}
    )
    key = fields.List(fields.String(), load_default=list)


class AskSchema(Schema):
    period = fields.String(required=True)


class AskedSchema(Schema):
    job = fields.UUID(attribute="public_id")
    state = fields.String()


@api.route("")
class Metrics(MethodView):
    @requires("metrics:read")
    @api.arguments(QuerySchema, location="query")
    @api.response(200, MetricsSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Every metric over a period, as stored. For a period that is not stored, POST it first."""
        session, kith, tenant = current_db(), runtime(), current_tenant()
        for key in asked["key"]:
            service.offered(session, kith.plugins, key)
        period = of_text(asked["period"]) if asked["period"] else service.latest_period(session)
        if period is None:
            return {"period": None, "metrics": []}
        found = [one for one in service.catalogue(session, kith.plugins) if not asked["key"] or one.metric.key in asked["key"]]
        rows = [listing.document(one, currency=tenant.currency) for one in service.shown(session, found, period)]
        return {"period": listing.period_document(period, store.noted(session, period)), "metrics": rows}

    @requires("metrics:read")
    @api.arguments(AskSchema)
    @api.response(202, AskedSchema)
    def post(self, asked: dict[str, Any]) -> Job:
        """Compute a period that is not stored; gives the job."""
        return service.ask_period(current_db(), current_actor(), of_text(asked["period"]))
