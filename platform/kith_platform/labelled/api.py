"""Labelled tables and a company's own questions for programs: `/api/v1/questions`."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db, current_tenant, runtime
from kith_platform.auth.gate import requires
from kith_platform.labelled import questions, service, serving, words
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.labelled.schemas import (
    AskedJobSchema,
    AskedQuestionSchema,
    LabelledTableSchema,
    LabelledTablesSchema,
    NewQuestionSchema,
    NewTableSchema,
    QuestionSchema,
    QuestionsSchema,
    QuestionVersionsSchema,
    TableFileSchema,
)
from kith_platform.labelled.views import take
from kith_platform.predict import versions
from kith_platform.predict.models import ModelVersion

api = Blueprint("questions_api", __name__, url_prefix="/questions", description="Predictions of an outcome of one's own")


@api.route("/tables")
class Tables(MethodView):
    @requires("models:read")
    @api.response(200, LabelledTablesSchema)
    def get(self) -> dict[str, Any]:
        """Labelled tables, by name."""
        return {"tables": service.listing(current_db())}

    @requires("imports:write")
    @api.arguments(TableFileSchema, location="files")
    @api.arguments(NewTableSchema, location="form")
    @api.response(202, AskedJobSchema)
    def post(self, files: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        """Bring a file (multipart) with an outcome in it. 413 beyond the size limit, 422 for a file that cannot be read."""
        job = take(current_actor(), files["file"], asked.get)
        return {"job": job.public_id, "state": job.state}


@api.route("/tables/<uuid:public_id>")
class Table(MethodView):
    @requires("models:read")
    @api.response(200, LabelledTableSchema)
    def get(self, public_id: uuid.UUID) -> LabelledSet:
        """One table with its columns."""
        return service.get(current_db(), public_id)

    @requires("models:train")
    @api.response(204)
    def delete(self, public_id: uuid.UUID) -> None:
        """Delete a table with its questions, their models and scores."""
        service.delete(current_db(), current_actor(), service.get(current_db(), public_id))


@api.route("")
class Questions(MethodView):
    @requires("models:read")
    @api.response(200, QuestionsSchema)
    def get(self) -> dict[str, Any]:
        """The company's questions, newest first."""
        return {"questions": [_shown(*row) for row in questions.listing(current_db())]}

    @requires("models:train")
    @api.arguments(NewQuestionSchema)
    @api.response(202, AskedQuestionSchema)
    def post(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask a question, or ask it again; it is answered by a job."""
        blobs, given = runtime().blobs.of(current_tenant().id), {name: asked[name] for name in ("keep", "in_order")}
        row, job = questions.ask(current_db(), current_actor(), blobs, asked["outcome"], **given)
        return {"question": row.public_id, "job": job.public_id, "state": job.state}


@api.route("/<uuid:public_id>")
class Question(MethodView):
    @requires("models:read")
    @api.response(200, QuestionSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """One question with its last answer."""
        session = current_db()
        row = questions.get(session, public_id)
        return _shown(row, questions.table_of(session, row), versions.latest(session, row.task))

    @requires("models:train")
    @api.response(204)
    def delete(self, public_id: uuid.UUID) -> None:
        """Delete a question with its models and scores."""
        questions.delete(current_db(), current_actor(), questions.get(current_db(), public_id))


@api.route("/<uuid:public_id>/versions")
class Versions(MethodView):
    @requires("models:read")
    @api.response(200, QuestionVersionsSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """The newest trainings of a question, newest first. The one that serves has the state `champion`."""
        session = current_db()
        return {"versions": versions.history(session, questions.get(session, public_id).task)}


@api.route("/<uuid:public_id>/versions/<uuid:version>/use")
class Use(MethodView):
    @requires("models:train")
    @api.response(202, AskedJobSchema)
    def post(self, public_id: uuid.UUID, version: uuid.UUID) -> dict[str, Any]:
        """Let a version that served before score anew and serve again, by a job. 409 for one that never served or serves now."""
        session = current_db()
        job = serving.use_again(session, current_actor(), questions.get(session, public_id), version)
        return {"job": job.public_id, "state": job.state}


def _shown(row: OwnQuestion, table: LabelledSet | None, version: ModelVersion | None) -> dict[str, Any]:
    report = version.report if version is not None else {}
    return {
        "id": row.public_id,
        "table": table.name if table is not None else None,
        "outcome": row.outcome,
        "test": row.test,
        "keep": row.keep,
        "in_order": row.in_order,
        "words": words.verdict(version, gettext) if version is not None else "",
        "latest": version,
        "splits": report.get("splits", []),
        "leaks": report.get("leaks", []),
        "left_out": report.get("left_out", {}),
    }
