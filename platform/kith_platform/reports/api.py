"""The recommendation report for programs: `/api/v1/reports`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from kith_platform.auth.edge import current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.errors import NotFound
from kith_platform.i18n import LANGUAGES, N_
from kith_platform.reports import service
from kith_platform.reports.reader import Reader
from kith_platform.reports.wording import document, written

api = Blueprint("reports_api", __name__, url_prefix="/reports", description="Recommendation reports: findings with what to do")


class QuerySchema(Schema):
    first = fields.String(
        load_default="", data_key="from", metadata={"description": "first day, 2026-10-01; default: newest month"}
    )
    last = fields.String(load_default="", data_key="to", metadata={"description": "last day, counted in"})
    language = fields.String(load_default="en", validate=validate.OneOf(list(LANGUAGES)))


class ReportSchema(Schema):
    company = fields.String()
    currency = fields.String()
    language = fields.String()
    first = fields.String(attribute="from", data_key="from")
    to = fields.String(metadata={"description": "the last day, counted in"})
    computed = fields.Boolean(metadata={"description": "false: POST /metrics with the period first"})
    is_partial = fields.Boolean(attribute="partial", data_key="partial", allow_none=True)
    until = fields.String(allow_none=True, metadata={"description": "the last day the data cover"})
    snapshot = fields.String(allow_none=True)
    read_at = fields.String(allow_none=True)
    findings = fields.List(fields.Dict(metadata={"description": "what, so_what, do_what with their numbers; docs/reports.md"}))
    left_out = fields.List(
        fields.Dict(metadata={"description": "key, name and why: few, not_compared, steady, fine, none:<reason>"})
    )


@api.route("")
class Reports(MethodView):
    @requires("metrics:read")
    @api.arguments(QuerySchema, location="query")
    @api.response(200, ReportSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The report over any days, from values that are stored."""
        session, kith, tenant = current_db(), runtime(), current_tenant()
        period = service.period_of(session, asked["first"], asked["last"])
        if period is None:
            raise NotFound(N_("There are no numbers yet. Import customers and orders first."))
        report = service.read(session, kith.plugins, tenant, period)
        return document(report, written(report, Reader(asked["language"], tenant.currency, tenant.timezone, kith.facts)))
