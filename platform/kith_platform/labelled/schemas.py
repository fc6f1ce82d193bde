"""What programs read of labelled tables and questions."""

from __future__ import annotations

from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate

from kith_platform.imports.service import DEFAULT_SOURCE
from kith_platform.predict.schemas import VersionSchema


class TableFileSchema(Schema):
    file = Upload(required=True)


class NewTableSchema(Schema):
    name = fields.String(load_default="", metadata={"description": "else the file's; lines are added to a table of that name"})
    source = fields.String(load_default=DEFAULT_SOURCE, validate=validate.Length(1, 100))
    as_of_column = fields.String(load_default="", metadata={"description": "the day each line speaks of; else by its name"})
    customer_column = fields.String(load_default="", metadata={"description": "the customer's id in `source`; else by its name"})


class AskedJobSchema(Schema):
    job = fields.UUID()
    state = fields.String()


class ColumnOfTableSchema(Schema):
    name = fields.String()
    kind = fields.String(metadata={"enum": ["number", "category", "day", "yesno", "text"]})
    sensitive = fields.Boolean()
    distinct = fields.Integer()
    missing = fields.Integer()
    unreadable = fields.Integer()


class LabelledTableSchema(Schema):
    id = fields.UUID(attribute="public_id")
    name = fields.String()
    file_name = fields.String()
    lines = fields.Integer()
    columns = fields.List(fields.Nested(ColumnOfTableSchema))
    as_of_column = fields.String()
    customer_column = fields.String()
    sha256 = fields.String()
    created_at = fields.AwareDateTime()
    changed_at = fields.AwareDateTime()


class LabelledTablesSchema(Schema):
    tables = fields.List(fields.Nested(LabelledTableSchema))


class NewQuestionSchema(Schema):
    outcome = fields.String(
        required=True, validate=validate.Length(1, 500), metadata={"description": "[TABLE.]COLUMN, COLUMN>=X, or an attribute"}
    )
    keep = fields.List(fields.String(), load_default=None, metadata={"description": "suspect or sensitive columns to use anyhow"})
    in_order = fields.Boolean(load_default=None, allow_none=True, metadata={"description": "lines stand in the order of time"})


class AskedQuestionSchema(AskedJobSchema):
    question = fields.UUID()


class QuestionSchema(Schema):
    id = fields.UUID()
    table = fields.String(allow_none=True, metadata={"description": "null: an attribute of customers"})
    outcome = fields.String()
    test = fields.String()
    keep = fields.List(fields.String())
    in_order = fields.Boolean()
    words = fields.String(metadata={"description": "the verdict in the caller's language; empty before the first training"})
    latest = fields.Nested(VersionSchema, allow_none=True)
    splits = fields.List(fields.Dict(), metadata={"description": "how good it is by each split, the one that decides first"})
    leaks = fields.List(fields.Dict(), metadata={"description": "columns that seem to know the answer already, left out"})
    left_out = fields.Dict(metadata={"description": "columns that no model sees, with the code of why"})


class QuestionVersionsSchema(Schema):
    versions = fields.List(fields.Nested(VersionSchema))


class QuestionsSchema(Schema):
    questions = fields.List(fields.Nested(QuestionSchema))
