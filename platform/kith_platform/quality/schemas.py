"""What programs read and write of data quality."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.quality.fields import FIELDS
from kith_platform.quality.measures import METRICS


class MeasureSchema(Schema):
    metric = fields.String(validate=validate.OneOf(METRICS))
    source = fields.String(metadata={"description": "empty: all sources"})
    field = fields.String(metadata={"description": "empty: all required fields"})
    value = fields.Float(allow_none=True)
    part = fields.Float()
    whole = fields.Float()


class IssueSchema(Schema):
    code = fields.String()
    subject = fields.String(metadata={"description": "of customers: give it as `quality` to the list; of an import: its id"})
    severity = fields.String(validate=validate.OneOf(("high", "medium", "low")))
    title = fields.String()
    harms = fields.String()
    count = fields.Integer()
    more = fields.Boolean(metadata={"description": "there are more than `count`"})
    unit = fields.String(validate=validate.OneOf(("customers", "lines", "pairs", "days")))
    share = fields.Float(allow_none=True)


class LiftSchema(Schema):
    model = fields.String()
    version = fields.Integer()
    field = fields.String(metadata={"description": "table and column"})
    customers = fields.Integer(metadata={"description": "customers of the model's hold-out"})
    filled = fields.Integer(metadata={"description": "those of them who have the field"})
    weight = fields.Float(metadata={"description": "share of what moves the model, 0..1"})
    about = fields.Float(
        allow_none=True, metadata={"description": "about what filling it for everybody would add to the average precision"}
    )
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)
    reason = fields.String(
        allow_none=True, metadata={"description": "why there is no estimate: unused, few, full or chance; else null"}
    )


class QualitySchema(Schema):
    as_of = fields.String(allow_none=True, metadata={"description": "last day the data cover; null before the first refresh"})
    read_at = fields.String(allow_none=True)
    records = fields.Integer()
    customers = fields.Integer()
    required = fields.List(fields.String())
    index = fields.Float(allow_none=True)
    measures = fields.List(fields.Nested(MeasureSchema))
    issues = fields.List(fields.Nested(IssueSchema))
    lifts = fields.List(fields.Nested(LiftSchema))


class TrendQuerySchema(Schema):
    source = fields.String(load_default="")
    field = fields.String(load_default="", validate=validate.OneOf(("", *FIELDS)))


class PointSchema(Schema):
    day = fields.Date()
    value = fields.Float(allow_none=True)


class TrendSchema(Schema):
    source = fields.String()
    field = fields.String()
    lines = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(PointSchema)))


class RequiredSchema(Schema):
    fields_ = fields.List(
        fields.String(validate=validate.OneOf(tuple(FIELDS))), required=True, data_key="fields", validate=validate.Length(1)
    )
