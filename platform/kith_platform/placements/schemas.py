"""What programs read of placements."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.customers.listing import PAGE
from kith_platform.placements.spans import SPANS


class ColumnSchema(Schema):
    name = fields.String()
    label = fields.String()
    kind = fields.String(metadata={"description": "text, number or day"})
    unit = fields.String(metadata={"description": "of a number: number, money, percent or days"})
    labels = fields.Dict(metadata={"description": "words for the codes of a text"})


class PlacementSchema(Schema):
    key = fields.String()
    label = fields.String()
    answers = fields.String()
    module = fields.String()
    columns = fields.List(fields.Nested(ColumnSchema), metadata={"description": "the first text is the code"})
    first_day = fields.Date(allow_none=True, metadata={"description": "the history begins here"})
    last_day = fields.Date(allow_none=True, metadata={"description": "the day it was last computed for; null: not yet"})


class PlacementListSchema(Schema):
    placements = fields.List(fields.Nested(PlacementSchema))


class CellSchema(Schema):
    code = fields.String()
    label = fields.String()
    customers = fields.Integer(metadata={"description": "that the caller may see"})
    mean = fields.Float(allow_none=True, metadata={"description": "of the first number over them"})


class LimitsSchema(Schema):
    quarter = fields.Date()
    until = fields.Date(metadata={"description": "the last day of the facts they come from"})
    limits = fields.Dict(keys=fields.String(), values=fields.Float())


class MapSchema(PlacementSchema):
    cells = fields.List(fields.Nested(CellSchema))
    limits = fields.Nested(LimitsSchema, allow_none=True, metadata={"description": "the thresholds, frozen for a quarter"})
    figures = fields.Dict(metadata={"description": "tables and curves by key, with the right to read metrics"})


class PlacedQuerySchema(Schema):
    code = fields.String(load_default=None, metadata={"description": "only customers with this code"})
    after = fields.UUID(load_default=None)
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class PlacedSchema(Schema):
    customer = fields.UUID()
    code = fields.String()
    since = fields.AwareDateTime(metadata={"description": "when the code became what it is"})
    values = fields.Dict(metadata={"description": "every column by name"})


class PlacedPageSchema(Schema):
    customers = fields.List(fields.Nested(PlacedSchema))
    next = fields.UUID(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class SpanQuerySchema(Schema):
    span = fields.String(load_default="month", validate=validate.OneOf(list(SPANS)))
    to = fields.Date(load_default=None, metadata={"description": "the span's last day; the last month-end without"})
    by = fields.String(load_default="count", validate=validate.OneOf(["count", "amount"]))


class MoveCellSchema(Schema):
    start = fields.String(metadata={"description": "the code then; empty: no place yet"})
    end = fields.String(metadata={"description": "the code at the span's end; empty: no place any more"})
    customers = fields.Integer()
    amount = fields.Float()
    share = fields.Float(allow_none=True, metadata={"description": "of its row; of few customers drawn towards earlier spans"})


class ShareSchema(Schema):
    label = fields.String()
    start = fields.List(fields.String())
    end = fields.List(fields.String())
    value = fields.Float(allow_none=True)


class MovesSchema(Schema):
    start = fields.Date(allow_none=True)
    end = fields.Date(allow_none=True)
    moves = fields.List(fields.Nested(MoveCellSchema))
    lean = fields.List(fields.String(), metadata={"description": "rows of fewer than 30 customers, which lean on earlier spans"})
    shares = fields.List(fields.Nested(ShareSchema))
    projection = fields.Dict(metadata={"description": "customers by code after one more span like this one"})


class MoveSchema(Schema):
    placement = fields.String()
    moved_on = fields.Date()
    start = fields.String()
    end = fields.String()


class CustomerPlacesSchema(Schema):
    placements = fields.Dict(keys=fields.String(), values=fields.Nested(PlacedSchema))
    history = fields.List(fields.Nested(MoveSchema), metadata={"description": "the latest moves, newest first"})
