"""The audit trail for programs: `GET /api/v1/audit`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from kith_platform.audit import service
from kith_platform.auth.edge import current_db
from kith_platform.auth.gate import requires

api = Blueprint("audit_api", __name__, url_prefix="/audit", description="Who did what, when, from where")


class EntrySchema(Schema):
    at = fields.AwareDateTime(metadata={"description": "when, UTC"})
    who = fields.String(attribute="actor_name", metadata={"description": "member, token or Kith itself, as named then"})
    action = fields.String()
    subject = fields.String(metadata={"description": "noun:public id"})
    detail = fields.Dict()
    address = fields.String(metadata={"description": "the caller's network address, empty for jobs"})
    request = fields.String(metadata={"description": "the request's id, as in the log"})
    sequence = fields.Integer(attribute="id", metadata={"description": "grows with each entry"})


class PageSchema(Schema):
    entries = fields.List(fields.Nested(EntrySchema))
    next = fields.Integer(allow_none=True, metadata={"description": "give as `before` for older entries; null at the end"})


class QuerySchema(Schema):
    action = fields.String(load_default="", metadata={"description": "start of the action, such as `token:`"})
    since = fields.AwareDateTime(load_default=None)
    until = fields.AwareDateTime(load_default=None, metadata={"description": "exclusive"})
    before = fields.Integer(load_default=None, metadata={"description": "the `next` of the page before"})
    limit = fields.Integer(load_default=service.PAGE, validate=validate.Range(1, 500))


@api.route("")
class Entries(MethodView):
    @requires("audit:read")
    @api.arguments(QuerySchema, location="query")
    @api.response(200, PageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The company's audit entries, newest first."""
        wanted = service.Filter(action=asked["action"], since=asked["since"], until=asked["until"])
        rows = service.page(current_db(), wanted, before=asked["before"], limit=asked["limit"])
        more = len(rows) > asked["limit"]
        rows = rows[: asked["limit"]]
        return {"entries": rows, "next": rows[-1].id if more else None}
