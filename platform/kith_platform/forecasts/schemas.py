"""What programs read of forecasts, and enter of ordering."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.forecasts.service import MOST, PAGE


class DemandQuerySchema(Schema):
    code = fields.String(data_key="class", load_default="", validate=validate.OneOf(("", "A", "B", "C")))
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, MOST))


class DemandPointSchema(Schema):
    starts_on = fields.Date()
    p10 = fields.Float()
    p50 = fields.Float()
    p90 = fields.Float()


class DemandAdviceSchema(Schema):
    """Units, days and the company's currency."""

    quantity = fields.Float(metadata={"description": "missing to `level`; counts nothing on hand where none was entered"})
    counted = fields.Boolean(metadata={"description": "whether what is on hand was entered"})
    order_by = fields.Date(allow_none=True, metadata={"description": "null: nothing is needed as far as is foreseen"})
    level = fields.Float(metadata={"description": "reorder point over lead and review time"})
    demand = fields.Float()
    safety = fields.Float()
    measured = fields.Boolean(metadata={"description": "whether the safety stock is a quantile of former errors"})
    cost = fields.Float(allow_none=True)
    less = fields.Float(metadata={"description": "`quantity` if demand is a fifth lower"})
    confidence = fields.String(metadata={"enum": ["high", "medium", "low"]})


class DemandPeakSchema(Schema):
    begins = fields.Date()
    ends = fields.Date()
    height = fields.Float()
    prepare_by = fields.Date()
    late = fields.Boolean()
    shared = fields.Boolean()


class DemandBuildingSchema(Schema):
    now = fields.Float()
    highest = fields.Float()
    before = fields.Date()
    begin = fields.Date(allow_none=True)
    short = fields.Float()


class DemandSchema(Schema):
    scope = fields.String(metadata={"description": "`product`, `family` or `company`"})
    product = fields.UUID(allow_none=True)
    number = fields.String()
    name = fields.String()
    family = fields.String()
    code = fields.String(data_key="class", metadata={"description": "AX to CZ; empty for families and the company"})
    grain = fields.String(metadata={"enum": ["week", "month", "quarter"]})
    method = fields.String()
    reason = fields.String(metadata={"description": "why this method serves; a stable code"})
    words = fields.String(metadata={"description": "the verdict in the caller's language"})
    wape = fields.Float(allow_none=True)
    naive_wape = fields.Float(allow_none=True)
    mase = fields.Float(allow_none=True, metadata={"description": "mean error over that of the same period a year before"})
    origins = fields.Integer()
    yoy = fields.Float(allow_none=True)
    mom = fields.Float(allow_none=True)
    season = fields.List(fields.Float(), metadata={"description": "index by calendar month (12) or quarter (4)"})
    peaks = fields.List(fields.Integer())
    lows = fields.List(fields.Integer())
    points = fields.List(fields.Nested(DemandPointSchema))
    advice = fields.Nested(DemandAdviceSchema, allow_none=True)
    peak = fields.Nested(DemandPeakSchema, allow_none=True)
    building = fields.Nested(DemandBuildingSchema, allow_none=True)


class DemandPageSchema(Schema):
    forecasts = fields.List(fields.Nested(DemandSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})
    as_of = fields.Date(allow_none=True)
    missing = fields.String(metadata={"description": "why there is no forecast: `no_lines`, `not_yet`, `too_short`, or empty"})


class DemandWholesSchema(Schema):
    forecasts = fields.List(fields.Nested(DemandSchema))


class DemandMakingSchema(Schema):
    job = fields.UUID()
    state = fields.String()


class DemandOrderingSchema(Schema):
    lead_days = fields.Float(load_default=None, allow_none=True)
    lead_deviation = fields.Float(load_default=None, allow_none=True)
    review_days = fields.Float(load_default=None, allow_none=True)
    service = fields.Float(load_default=None, allow_none=True)
    capacity = fields.Float(load_default=None, allow_none=True, metadata={"description": "units a week"})
    shelf_days = fields.Float(load_default=None, allow_none=True)
    most_money = fields.Float(load_default=None, allow_none=True)
    order_cost = fields.Float(load_default=None, allow_none=True)
    on_hand = fields.Float(load_default=None, allow_none=True)
    counted_on = fields.Date(load_default=None, allow_none=True)
