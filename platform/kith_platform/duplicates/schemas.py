"""What programs read and write of duplicates."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.customers.schemas import CustomerSchema


class CandidateSchema(Schema):
    left = fields.Nested(CustomerSchema)
    right = fields.Nested(CustomerSchema)
    chance = fields.Float(metadata={"description": "that the two are one, 0..1"})
    why = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "likeness per compared field"})


class QueueSchema(Schema):
    waiting = fields.Integer(metadata={"description": "exact up to 1,000; 1,001 means more"})
    candidates = fields.List(fields.Nested(CandidateSchema))


class QueueQuerySchema(Schema):
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 200))


class MergeSchema(Schema):
    id = fields.UUID(attribute="public_id")
    kind = fields.String(metadata={"description": "merge or split"})
    survivor = fields.UUID()
    gone = fields.UUID(metadata={"description": "the customer that went into the survivor, or came out of it"})
    records = fields.Integer(metadata={"description": "records that changed customers"})
    by = fields.String(metadata={"description": "empty where a refresh merged by itself"})
    merged_at = fields.AwareDateTime()
    undone_at = fields.AwareDateTime(allow_none=True)


class MergePageSchema(Schema):
    merges = fields.List(fields.Nested(MergeSchema))
    next = fields.Integer(allow_none=True, metadata={"description": "give as `before`; null at the end"})


class MergeQuerySchema(Schema):
    before = fields.Integer(load_default=None)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class SplitSchema(Schema):
    records = fields.List(fields.UUID(), required=True)
