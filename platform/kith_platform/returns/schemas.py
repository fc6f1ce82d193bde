"""What programs read and write of returns."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.facts.returns import GRADES, POOLS
from kith_platform.returns.service import PAGE


class ReturnSchema(Schema):
    benefit = fields.Float()
    roi = fields.Float(allow_none=True, metadata={"description": "(benefit − cost) / cost; null without cost"})
    npv = fields.Float(allow_none=True, metadata={"description": "net present value, discounted by the month"})
    payback_months = fields.Float(allow_none=True, metadata={"description": "null while costs have not come back"})
    split = fields.Dict(metadata={"description": "benefit by cim, cem and csm"})


class ReturnFiguresSchema(Schema):
    cost = fields.Float()
    claimed = fields.Nested(ReturnSchema, metadata={"description": "all benefits"})
    proven = fields.Nested(ReturnSchema, metadata={"description": "benefits of grades A and B alone"})
    coverage = fields.Float(allow_none=True, metadata={"description": "share of amounts that had an exchange rate"})


class InitiativeSchema(ReturnFiguresSchema):
    id = fields.UUID()
    external_id = fields.String()
    source = fields.String()
    name = fields.String()
    owner = fields.String(allow_none=True)
    started_at = fields.AwareDateTime()
    ends_on = fields.Date(allow_none=True)
    campaign = fields.String(allow_none=True)
    criteria_signed_at = fields.AwareDateTime(allow_none=True)
    criteria_agreed_before_start = fields.Boolean()


class ReturnsQuerySchema(Schema):
    after = fields.UUID(load_default=None, metadata={"description": "`next` of the page before"})
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class ReturnsSchema(Schema):
    currency = fields.String()
    discount_rate = fields.Float(metadata={"description": "a year; a setting of the module analytics_cim"})
    total = fields.Nested(ReturnFiguresSchema)
    unknown_initiatives = fields.List(fields.String(), metadata={"description": "named by costs or benefits, entered by nobody"})
    initiatives = fields.List(fields.Nested(InitiativeSchema))
    next = fields.UUID(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class NewInitiativeSchema(Schema):
    name = fields.String(required=True)
    started_at = fields.String(required=True, metadata={"description": "a day or a time"})
    code = fields.String(load_default="", metadata={"description": "external id by which costs and benefits name it"})
    owner = fields.String(load_default="")
    ends_on = fields.String(load_default="")
    campaign = fields.String(load_default="")


class NewCostSchema(Schema):
    initiative = fields.String(required=True, metadata={"description": "external id"})
    spent_on = fields.Date(required=True)
    pool = fields.String(required=True, validate=validate.OneOf(POOLS))
    amount = fields.Decimal(required=True)
    currency = fields.String(load_default="")
    item = fields.String(load_default="")


class NewBenefitSchema(Schema):
    initiative = fields.String(required=True, metadata={"description": "external id"})
    gained_on = fields.Date(required=True)
    amount = fields.Decimal(required=True)
    currency = fields.String(load_default="")
    grade = fields.String(required=True, validate=validate.OneOf(GRADES))
    evidence = fields.String(load_default="")
    share_cim = fields.Decimal(required=True)
    share_cem = fields.Decimal(required=True)
    share_csm = fields.Decimal(required=True, metadata={"description": "the three sum to 1"})


class EnteredSchema(Schema):
    external_id = fields.String()
    source = fields.String()
