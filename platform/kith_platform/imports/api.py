"""Imports for programs: `/api/v1/imports`."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from typing import Any

from flask import Response, send_file
from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint
from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate

from kith_platform.auth.edge import current_actor, current_db, current_tenant
from kith_platform.auth.gate import requires
from kith_platform.errors import FieldError, Invalid
from kith_platform.i18n import N_
from kith_platform.imports import service, templates, undo, uploads
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.models import Import
from kith_platform.imports.preview import Preview
from kith_platform.imports.problems import reason
from kith_platform.imports.views import limit
from kith_platform.jobs.models import Job
from kith_platform.web.context import runtime

api = Blueprint("imports_api", __name__, url_prefix="/imports", description="Files brought in, and the way back")


def _job(row: Import) -> str | None:
    job = current_db().get(Job, (row.tenant_id, row.job_id)) if row.job_id else None
    return str(job.public_id) if job else None


class ImportSchema(Schema):
    id = fields.UUID(attribute="public_id")
    table = fields.String(attribute="table_name")
    source = fields.String()
    file_name = fields.String()
    state = fields.Function(lambda row: service.state(current_db(), row), metadata={"type": "string"})
    dry_run = fields.Boolean()
    size = fields.Integer(metadata={"description": "bytes"})
    read = fields.Integer(metadata={"description": "lines: inserted + updated + unchanged + duplicate + rejected"})
    inserted = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    duplicate = fields.Integer()
    rejected = fields.Integer()
    made = fields.Dict(metadata={"description": "rows of each kind of data that became of the lines"})
    job = fields.Function(_job, metadata={"type": "string", "format": "uuid", "nullable": True})
    created_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)
    undone_at = fields.AwareDateTime(allow_none=True)


class ImportPageSchema(Schema):
    imports = fields.List(fields.Nested(ImportSchema))
    next = fields.UUID(allow_none=True, metadata={"description": "give as `before` for older imports; null at the end"})


class ImportQuerySchema(Schema):
    before = fields.UUID(load_default=None)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class FileSchema(Schema):
    file = Upload(required=True)


class UploadSchema(Schema):
    table = fields.String(required=True, metadata={"description": "plural: customers, orders, products, …"})
    source = fields.String(load_default=service.DEFAULT_SOURCE, validate=validate.Length(1, 100))
    encoding = fields.String(load_default=None)
    part = fields.String(load_default="", metadata={"description": "sheet of a workbook or file of an archive; else the largest"})
    mapping = fields.String(load_default="", metadata={"description": "a mapping as JSON; else the saved one, else the guess"})
    template = fields.String(load_default="", metadata={"description": "key of an import template, in place of a mapping"})
    start = fields.Boolean(load_default=True, metadata={"description": "false: only a draft to look at"})
    dry_run = fields.Boolean(load_default=False)


class MappingSchema(Schema):
    mapping = fields.Dict(required=True)


class StartSchema(Schema):
    dry_run = fields.Boolean(load_default=False)


class PreviewSchema(Schema):
    mapping = fields.Dict()
    looks_like = fields.String(allow_none=True, metadata={"description": "key of the import template that the header fits"})
    header = fields.List(fields.Raw())
    rows = fields.List(fields.List(fields.String()))
    missing = fields.List(fields.String(), metadata={"description": "targets without which no line can be loaded"})
    notes = fields.List(fields.String())
    problems = fields.List(fields.Dict())


class TemplateSchema(Schema):
    key = fields.String()
    name = fields.Function(lambda one: gettext(one.name), metadata={"type": "string"})
    table = fields.String()
    columns = fields.Function(
        lambda one: [{"headers": list(column.headers), "target": column.target} for column in one.columns],
        metadata={"type": "array", "items": {"type": "object"}},
    )


class TemplateListSchema(Schema):
    templates = fields.List(fields.Nested(TemplateSchema))


class UndoSchema(Schema):
    removed = fields.Dict()
    restored = fields.Dict()
    kept = fields.Dict()
    changed_later = fields.Dict()
    in_use = fields.Dict()
    possible = fields.Boolean()


@api.route("")
class Imports(MethodView):
    @requires("imports:read")
    @api.arguments(ImportQuerySchema, location="query")
    @api.response(200, ImportPageSchema)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Imports, newest first."""
        session, most = current_db(), asked["limit"]
        before = service.get(session, asked["before"]).id if asked["before"] else None
        rows = service.listing(session, before=before, most=most + 1)
        return {"imports": rows[:most], "next": rows[most - 1].public_id if len(rows) > most else None}

    @requires("imports:write")
    @api.arguments(FileSchema, location="files")
    @api.arguments(UploadSchema, location="form")
    @api.response(201, ImportSchema)
    def post(self, files: dict[str, Any], asked: dict[str, Any]) -> Import:
        """Bring a file (multipart) and start its import. 413 beyond the size limit, 422 for a file that cannot be read."""
        session, blobs = current_db(), runtime().blobs.of(current_tenant().id)
        with closing(files["file"]) as file:
            kept = uploads.keep_file(blobs, file.stream, limit=limit(), part=asked["part"])
        table, source = asked["table"], asked["source"]
        try:
            mapping = _mapping(asked["mapping"]) if asked["mapping"] else None
            known = templates.offered(session, runtime().plugins)
            template = templates.named(known, asked["template"], table) if asked["template"] else None
            chosen: dict[str, Any] = {"mapping": mapping, "template": template, "encoding": asked["encoding"]}
            seen = service.look(session, runtime().facts, blobs, kept[0], table, source=source, **chosen)
            name = file.filename or ""
            row = service.draft(session, current_actor(), table=table, source=source, file_name=name, kept=kept, seen=seen)
            if asked["start"]:
                row, _job = service.begin(session, current_actor(), row, seen, dry_run=asked["dry_run"])
        except Invalid:
            blobs.remove(kept.blob.rpartition("/")[0])
            raise
        return row


@api.route("/templates")
class Templates(MethodView):
    @requires("imports:read")
    @api.response(200, TemplateListSchema)
    def get(self) -> dict[str, Any]:
        """The templates of well-known exports that this company may use."""
        return {"templates": templates.offered(current_db(), runtime().plugins)}


@api.route("/<uuid:public_id>")
class One(MethodView):
    @requires("imports:read")
    @api.response(200, ImportSchema)
    def get(self, public_id: uuid.UUID) -> Import:
        """One import with its counts."""
        return service.get(current_db(), public_id)


@api.route("/<uuid:public_id>/preview")
class Look(MethodView):
    @requires("imports:read")
    @api.response(200, PreviewSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """How Kith reads the file by its mapping."""
        row = service.get(current_db(), public_id)
        return _preview(_look(row, Mapping.from_json(row.mapping)))

    @requires("imports:write")
    @api.arguments(MappingSchema)
    @api.response(200, PreviewSchema)
    def put(self, asked: dict[str, Any], public_id: uuid.UUID) -> dict[str, Any]:
        """Give a draft another mapping. 409 once it was started."""
        row = service.get(current_db(), public_id)
        seen = _look(row, Mapping.from_json(asked["mapping"]))
        service.amend(row, seen)
        return _preview(seen)


@api.route("/<uuid:public_id>/start")
class Start(MethodView):
    @requires("imports:write")
    @api.arguments(StartSchema)
    @api.response(202, ImportSchema)
    def post(self, asked: dict[str, Any], public_id: uuid.UUID) -> Import:
        """Load a draft, or try it: a dry run is an import of its own."""
        row = service.get(current_db(), public_id)
        seen = _look(row, Mapping.from_json(row.mapping))
        return service.begin(current_db(), current_actor(), row, seen, dry_run=asked["dry_run"])[0]


@api.route("/<uuid:public_id>/rejects")
class Rejects(MethodView):
    @requires("imports:read")
    @api.response(200, content_type="text/csv")
    def get(self, public_id: uuid.UUID) -> Response:
        """The rejected lines as CSV: line, reason, text."""
        row = service.get(current_db(), public_id)
        return send_file(service.open_rejects(runtime().blobs.of(current_tenant().id), row), mimetype="text/csv")


@api.route("/<uuid:public_id>/undo")
class Undo(MethodView):
    @requires("imports:read")
    @api.response(200, UndoSchema)
    def get(self, public_id: uuid.UUID) -> undo.UndoPreview:
        """What undoing would do. 409 where there is nothing to undo."""
        session = current_db()
        return undo.preview(session, runtime().facts, service.get(session, public_id))

    @requires("imports:write")
    @api.response(202, ImportSchema)
    def post(self, public_id: uuid.UUID) -> Import:
        """Take the import back. 409 with the reason where a later import built on it."""
        session = current_db()
        row = service.get(session, public_id)
        service.ask_undo(session, current_actor(), row, runtime().facts)
        return row


def _mapping(text: str) -> Mapping:
    try:
        return Mapping.from_json(json.loads(text))
    except json.JSONDecodeError as error:
        raise Invalid(fields=[FieldError("mapping", N_("This is not JSON: %(detail)s."), {"detail": str(error)})]) from None


def _look(row: Import, mapping: Mapping) -> Preview:
    blobs = runtime().blobs.of(current_tenant().id)
    return service.look(current_db(), runtime().facts, blobs, row.blob, row.table_name, source=row.source, mapping=mapping)


def _preview(seen: Preview) -> dict[str, Any]:
    found = templates.recognised(seen.dialect, templates.offered(current_db(), runtime().plugins))
    return {
        "mapping": seen.guess.mapping.to_json(),
        "looks_like": found.key if found else None,
        "header": seen.header,
        "rows": seen.raw,
        "missing": seen.guess.missing_required,
        "notes": [note.text(gettext) for note in seen.notes],
        "problems": [
            {
                "column": item.source,
                "count": item.count,
                "line": item.line,
                "reason": reason(item.reason, dict(item.example), translate=gettext),
            }
            for item in seen.problems
        ],
    }
