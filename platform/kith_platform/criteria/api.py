"""Success criteria for programs: `/api/v1/criteria`."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.criteria import service
from kith_platform.criteria.listing import documents
from kith_platform.criteria.models import SuccessCriterion
from kith_platform.criteria.schemas import (
    ChangedCriterionSchema,
    CriteriaPageSchema,
    CriteriaQuerySchema,
    CriterionSchema,
    NewCriterionSchema,
    WithdrawSchema,
)

api = Blueprint("criteria_api", __name__, url_prefix="/criteria", description="Success criteria: agreed, signed, withdrawn")


def _document(row: SuccessCriterion) -> dict[str, Any]:
    return documents(current_db(), [row])[0]


@api.route("")
class Criteria(MethodView):
    @requires("criteria:read")
    @api.arguments(CriteriaQuerySchema, location="query")
    @api.response(200, CriteriaPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Records, newest first: drafts, those in force, and those they replaced."""
        rows = service.page(
            current_db(),
            state=asked["state"],
            key=asked["key"],
            initiative=asked["initiative"],
            before=asked["after"],
            limit=asked["limit"],
        )
        shown = rows[: asked["limit"]]
        further = shown[-1].public_id if len(rows) > len(shown) else None
        return {"criteria": documents(current_db(), shown), "next": further}

    @requires("criteria:sign")
    @api.arguments(NewCriterionSchema)
    @api.response(201, CriterionSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Write a draft, or with `sign` a record in force, which replaces the one before it."""
        session, actor = current_db(), current_actor()
        row = service.draft(session, actor, runtime().plugins, given)
        return _document(service.sign(session, actor, row) if given.get("sign") else row)


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("criteria:read")
    @api.response(200, CriterionSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One record."""
        return _document(service.get(current_db(), public_id))

    @requires("criteria:sign")
    @api.arguments(ChangedCriterionSchema)
    @api.response(200, CriterionSchema)
    def put(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Change a draft; a signed record is refused: it takes a new version."""
        session, actor = current_db(), current_actor()
        row = service.change(session, actor, runtime().plugins, service.get(session, public_id), given)
        return _document(service.sign(session, actor, row) if given.get("sign") else row)


@api.route("/<uuid:public_id>/sign")
class Sign(MethodView):
    @requires("criteria:sign")
    @api.response(200, CriterionSchema)
    def post(self, public_id: uuid.UUID) -> dict[str, Any]:
        """Put a draft into force as it stands."""
        session = current_db()
        return _document(service.sign(session, current_actor(), service.get(session, public_id)))


@api.route("/<uuid:public_id>/withdraw")
class Withdraw(MethodView):
    @requires("criteria:sign")
    @api.arguments(WithdrawSchema)
    @api.response(200, CriterionSchema)
    def post(self, given: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """End a draft or a record in force; it is kept, with the reason."""
        session = current_db()
        return _document(service.withdraw(session, current_actor(), service.get(session, public_id), given["reason"]))
