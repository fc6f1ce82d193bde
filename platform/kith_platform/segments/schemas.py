"""What programs read and write of segments."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.customers.listing import PAGE
from kith_platform.customers.schemas import CustomerSchema
from kith_platform.segments.service import ABOUT, NAME

RULE = {
    "description": (
        "A group `{all|any|none: [conditions or groups]}`. A condition is one of `{field, op, value}`, `{attribute, op, value}`, "
        "`{score: churn|clv, part: value|band|tier, op, value}`, `{placement, op, value}`, "
        "`{consent: channel, status: granted|refused|unknown}`, `{complaint: true|false}`, `{segment: id, inside}`, or "
        "`{fact: orders, measure: count|sum|first|last, column, days | from and until, where: [{column, op, value}], op, "
        "value}`. "
        "`op` for texts: is, is_not, starts; for numbers: at_least, at_most, more, less, is, between; for days: last_days, "
        "before_days, from, until, between; for truths: yes, no; for all: known, unknown."
    ),
    "example": {
        "all": [
            {"field": "country", "op": "is", "value": ["CN"]},
            {"fact": "orders", "measure": "count", "days": 90, "op": "at_least", "value": 2},
        ]
    },
}


class NewSegmentSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, NAME))
    about = fields.String(load_default="", validate=validate.Length(max=ABOUT))
    dynamic = fields.Boolean(load_default=True, metadata={"description": "false: keeps whom it found when it was made"})
    rule = fields.Dict(required=True, metadata=RULE)


class SegmentSchema(Schema):
    id = fields.UUID(attribute="public_id")
    name = fields.String()
    about = fields.String()
    dynamic = fields.Boolean()
    rule = fields.Dict(metadata=RULE)
    version = fields.Integer()
    state = fields.String(metadata={"description": "waiting, ready or failed"})
    size = fields.Integer(metadata={"description": "members the caller may see"})
    as_of = fields.AwareDateTime(allow_none=True, metadata={"description": "the moment its members are true for"})
    seconds = fields.Float(allow_none=True, metadata={"description": "how long the last count took"})
    created_at = fields.AwareDateTime()
    changed_at = fields.AwareDateTime()


class SegmentListSchema(Schema):
    segments = fields.List(fields.Nested(SegmentSchema))


class RuleSchema(Schema):
    rule = fields.Dict(required=True, metadata=RULE)
    exact = fields.Boolean(load_default=False, metadata={"description": "wait for the exact number of a rule over facts"})


class CountSchema(Schema):
    customers = fields.Integer()
    exact = fields.Boolean()
    sampled = fields.Integer(metadata={"description": "customers behind an estimate"})
    low = fields.Integer(metadata={"description": "of the 95 % interval of an estimate"})
    high = fields.Integer()
    as_of = fields.AwareDateTime(allow_none=True, metadata={"description": "null: now"})


class MemberQuerySchema(Schema):
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class MemberPageSchema(Schema):
    customers = fields.List(fields.Nested(CustomerSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})
