"""Attributes for programs: `/api/v1/attributes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.attributes import columns, service
from kith_platform.attributes.schemas import (
    AttributeChangeSchema,
    AttributeListSchema,
    AttributeSchema,
    NewAttributeSchema,
    OfferedColumnsSchema,
)
from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.customers.models import Attribute

api = Blueprint(
    "attributes_api", __name__, url_prefix="/attributes", description="Attributes: a company's own fields of its customers"
)
SHOWN = (
    "key",
    "label",
    "kind",
    "timing",
    "sensitive",
    "in_models",
    "purpose",
    "consent",
    "choices",
    "columns",
    "filled",
    "misfits",
    "counted_at",
)


def _document(row: Attribute, uses: Mapping[str, service.Uses]) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in SHOWN}, "uses": uses[row.key]}


def _given(given: dict[str, Any], kind: str) -> dict[str, Any]:
    """With the way each column writes its values, as the records kept of it show."""
    if "columns" not in given:
        return given
    read = [columns.column(current_db(), one["source"], one["column"], kind) for one in given["columns"]]
    return {**given, "columns": read}


@api.route("")
class Attributes(MethodView):
    @requires("attributes:read")
    @api.response(200, AttributeListSchema)
    def get(self) -> dict[str, Any]:
        """The company's attributes, by label, with what uses them."""
        session = current_db()
        uses = service.uses(session)
        return {"attributes": [_document(row, uses) for row in service.listed(session)]}

    @requires("attributes:write")
    @api.arguments(NewAttributeSchema)
    @api.response(201, AttributeSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Make an attribute, or keep columns as one; a job fills it with what imports kept of them."""
        session = current_db()
        row = service.create(session, current_actor(), _given(given, given["kind"]))
        return _document(row, service.uses(session))


@api.route("/columns")
class Columns(MethodView):
    @requires("attributes:read")
    @api.response(200, OfferedColumnsSchema)
    def get(self) -> dict[str, Any]:
        """Columns of imported customers that nobody gave a place, with what Kith takes each for."""
        found = columns.seen(current_db())
        said = ("label", "kind", "timing", "sensitive", "choices")
        return {
            "columns": [
                {
                    "source": one.source,
                    "column": one.column,
                    "share": one.share,
                    "sampled": one.sampled,
                    **{name: getattr(one.guess, name) for name in said},
                }
                for one in found
            ]
        }


@api.route("/<string:key>")
class One(MethodView):
    @requires("attributes:read")
    @api.response(200, AttributeSchema)
    def get(self, key: str) -> dict[str, Any]:
        """One attribute."""
        session = current_db()
        return _document(service.get(session, key), service.uses(session))

    @requires("attributes:write")
    @api.arguments(AttributeChangeSchema)
    @api.response(200, AttributeSchema)
    def patch(self, given: dict[str, Any], key: str) -> dict[str, Any]:
        """Change an attribute. With another kind or other columns its values are read anew; none is lost by that."""
        session, actor = current_db(), current_actor()
        row = service.get(session, key)
        in_models = given.pop("in_models", None)
        recorded = {name: given.pop(name) for name in ("purpose", "consent") if name in given}
        if given:
            service.change(session, actor, row, _given(given, given.get("kind", row.kind)))
        if in_models is not None:
            service.allow(session, actor, row, in_models=in_models, **recorded)
        return _document(row, service.uses(session))

    @requires("attributes:write")
    @api.response(204)
    def delete(self, key: str) -> None:
        """Remove an attribute; refused while a segment's rule asks for it. What files said stays with their records."""
        service.remove(current_db(), current_actor(), service.get(current_db(), key))
