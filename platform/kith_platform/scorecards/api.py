"""Metrics for programs: `/api/v1/metrics`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.errors import NotFound
from kith_platform.i18n import N_
from kith_platform.jobs.models import Job
from kith_platform.metrics import listing, service, store
from kith_platform.metrics.grains import LABELS, TENANT
from kith_platform.metrics.periods import of_text
from kith_platform.metrics.service import Shown

api = Blueprint("metrics_api", __name__, url_prefix="/metrics", description="Metrics of the enabled modules")


class ValueSchema(Schema):
    key = fields.String()
    module = fields.String()
    name = fields.String()
    of = fields.Dict(metadata={"description": "the unit of the grain: its id and name; absent for the whole company"})
    unit = fields.String(metadata={"description": "ratio, money, money_per_day, count, days, hours, minutes, months, points, …"})
    currency = fields.String(allow_none=True)
    better = fields.String()
    kind = fields.String(metadata={"description": "process, outcome or mixed"})
    grains = fields.List(fields.String())
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
        load_default="",
        metadata={"description": "2026-10, 2026-Q3, 2026, 2026-W41, 2026-10-05, 2026-10-01..2026-10-15; default: newest month"},
    )
    key = fields.List(fields.String(), load_default=list)
    grain = fields.String(load_default=TENANT, metadata={"description": ", ".join(LABELS)})
    of = fields.String(load_default="", metadata={"description": "the unit: a public id, or a name where units have none"})


class UnitsQuerySchema(Schema):
    period = fields.String(load_default="")
    grain = fields.String(required=True)
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class UnitsSchema(Schema):
    period = fields.Nested(PeriodSchema, allow_none=True)
    metrics = fields.List(fields.Nested(ValueSchema))
    next = fields.String(allow_none=True)


class AskSchema(Schema):
    period = fields.String(required=True)
    grain = fields.String(load_default=TENANT)


class AskedSchema(Schema):
    job = fields.UUID(attribute="public_id")
    state = fields.String()


@api.route("")
class Metrics(MethodView):
    @requires("metrics:read")
    @api.arguments(QuerySchema, location="query")
    @api.response(200, MetricsSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Every metric over a period, as stored, of the company or of one unit of a grain. For what is not stored, POST first."""
        session, kith, tenant = current_db(), runtime(), current_tenant()
        for key in asked["key"]:
            service.offered(session, kith.plugins, key)
        grain = service.grain_of(asked["grain"])
        unit = service.unit_of(session, grain, asked["of"])
        name = service.unit_names(session, current_actor(), grain, [unit]).get(unit) if grain != TENANT else None
        if grain != TENANT and name is None:
            raise NotFound(N_("There is nothing here with the id '%(id)s'."), id=asked["of"])
        period = of_text(asked["period"]) if asked["period"] else service.latest_period(session)
        if period is None:
            return {"period": None, "metrics": []}
        found = [one for one in service.catalogue(session, kith.plugins) if not asked["key"] or one.metric.key in asked["key"]]
        own = [one for one in found if grain in one.metric.grains]
        shown = service.shown(session, own, period, grain, unit)
        rows = [listing.document(one, currency=tenant.currency, of=name) for one in shown]
        return {"period": listing.period_document(period, store.noted(session, period, grain)), "metrics": rows}

    @requires("metrics:read")
    @api.arguments(AskSchema)
    @api.response(202, AskedSchema)
    def post(self, asked: dict[str, Any]) -> Job:
        """Compute a period, or a grain, that is not stored; gives the job."""
        grain = service.grain_of(asked["grain"])
        return service.ask_period(current_db(), current_actor(), of_text(asked["period"]), grain)


@api.route("/<key>/units")
class Units(MethodView):
    @requires("metrics:read")
    @api.arguments(UnitsQuerySchema, location="query")
    @api.response(200, UnitsSchema)
    def get(self, asked: dict[str, Any], key: str) -> dict[str, Any]:
        """One metric of each unit of a grain over a period, as stored; customers only those the caller may see."""
        session, kith, tenant = current_db(), runtime(), current_tenant()
        found, grain = service.offered(session, kith.plugins, key), service.grain_of(asked["grain"])
        period = of_text(asked["period"]) if asked["period"] else service.latest_period(session)
        if period is None:
            return {"period": None, "metrics": [], "next": None}
        after = service.unit_of(session, grain, asked["after"]) if asked["after"] else ""
        values, names = service.units_page(session, current_actor(), key, period, grain, after=after, limit=asked["limit"])
        rows = [
            listing.document(Shown(found.plugin, found.metric, period, value, {}), currency=tenant.currency, of=names[value.unit])
            for value in values[: asked["limit"]]
        ]
        more = len(values) > asked["limit"]
        noted = listing.period_document(period, store.noted(session, period, grain))
        return {"period": noted, "metrics": rows, "next": rows[-1]["of"]["id"] if more else None}
