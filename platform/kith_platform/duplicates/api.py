"""Duplicates for programs: `/api/v1/duplicates`."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db
from kith_platform.auth.gate import requires
from kith_platform.duplicates import service
from kith_platform.duplicates.models import CustomerMerge
from kith_platform.duplicates.schemas import (
    MergePageSchema,
    MergeQuerySchema,
    MergeSchema,
    QueueQuerySchema,
    QueueSchema,
    SplitSchema,
)

api = Blueprint(
    "duplicates_api", __name__, url_prefix="/duplicates", description="Customers that may be one, merges, and undoing"
)


@api.route("")
class Queue(MethodView):
    @requires("customers:merge")
    @api.arguments(QueueQuerySchema, location="query")
    @api.response(200, QueueSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Pairs of customers that may be one, the surest first."""
        session, actor = current_db(), current_actor()
        return {"waiting": service.waiting(session, actor), "candidates": service.queue(session, actor, most=asked["limit"])}


@api.route("/<uuid:left>/<uuid:right>/merge")
class Merging(MethodView):
    @requires("customers:merge")
    @api.response(201, MergeSchema)
    def post(self, left: uuid.UUID, right: uuid.UUID) -> dict[str, Any]:
        """Make two customers one. The older keeps its id; the other redirects."""
        return _told(service.merge(current_db(), current_actor(), left, right))


@api.route("/<uuid:left>/<uuid:right>/different")
class TellingApart(MethodView):
    @requires("customers:merge")
    @api.response(204)
    def post(self, left: uuid.UUID, right: uuid.UUID) -> None:
        """Two customers are two: no refresh merges them."""
        service.tell_apart(current_db(), current_actor(), left, right)


@api.route("/merges")
class Merges(MethodView):
    @requires("customers:merge")
    @api.arguments(MergeQuerySchema, location="query")
    @api.response(200, MergePageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Merges and splits, newest first, undone ones too."""
        limit = asked["limit"]
        rows = service.merges(current_db(), current_actor(), before=asked["before"], most=limit + 1)
        shown = [{**_plain(row), "survivor": survivor.public_id, "gone": gone.public_id} for row, survivor, gone in rows[:limit]]
        return {"merges": shown, "next": rows[limit - 1][0].id if len(rows) > limit else None}


@api.route("/merges/<uuid:public_id>/undo")
class Undoing(MethodView):
    @requires("customers:merge")
    @api.response(200, MergeSchema)
    def post(self, public_id: uuid.UUID) -> dict[str, Any]:
        """Take a merge or split back, with every relation."""
        return _told(service.undo(current_db(), current_actor(), public_id))


@api.route("/customers/<uuid:public_id>/split")
class Splitting(MethodView):
    @requires("customers:merge")
    @api.arguments(SplitSchema)
    @api.response(201, MergeSchema)
    def post(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Take records out of a customer."""
        return _told(service.split(current_db(), current_actor(), public_id, given["records"]))


def _plain(row: CustomerMerge) -> dict[str, Any]:
    names = ("public_id", "kind", "by", "merged_at", "undone_at")
    return {**{name: getattr(row, name) for name in names}, "records": len(row.moved)}


def _told(row: CustomerMerge) -> dict[str, Any]:
    survivor, gone = service.both(current_db(), row)
    return {**_plain(row), "survivor": survivor.public_id, "gone": gone.public_id}
