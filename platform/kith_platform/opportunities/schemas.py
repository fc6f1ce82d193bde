"""What programs read and write of opportunities."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.opportunities.contacts import KINDS
from kith_platform.opportunities.listing import STATES
from kith_platform.opportunities.paging import PAGE

REP = {"description": "a person of the staff: e-mail address or name"}
PRODUCT = {"description": "a product's number in its source, or its whole name"}


class OpportunitySchema(Schema):
    id = fields.UUID(attribute="public_id")
    name = fields.String(allow_none=True)
    customer = fields.UUID(allow_none=True)
    customer_name = fields.String(allow_none=True)
    status = fields.String(metadata={"description": "open, won or lost"})
    stage = fields.String(allow_none=True)
    probability = fields.Float(allow_none=True, metadata={"description": "0 to 1"})
    amount = fields.Decimal(as_string=True, allow_none=True)
    currency = fields.String()
    rep = fields.String(allow_none=True, metadata=REP)
    channel = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    partner = fields.String(allow_none=True)
    opened_at = fields.AwareDateTime(attribute="occurred_at")
    close_on = fields.Date(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    won_amount = fields.Decimal(as_string=True, allow_none=True)
    loss_reason = fields.String(allow_none=True)
    competitor = fields.String(allow_none=True)
    duplicate = fields.Boolean(allow_none=True)
    source = fields.String()
    external_id = fields.String()


class StageChangeSchema(Schema):
    stage = fields.String()
    position = fields.Integer(allow_none=True)
    entered_at = fields.AwareDateTime(attribute="occurred_at")


class ActivitySchema(Schema):
    kind = fields.String(allow_none=True)
    direction = fields.String(allow_none=True)
    subject = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    rep = fields.String(allow_none=True, metadata=REP)
    started_at = fields.AwareDateTime(attribute="occurred_at")


class WholeOpportunitySchema(OpportunitySchema):
    stages = fields.List(fields.Nested(StageChangeSchema))
    activities = fields.List(fields.Nested(ActivitySchema))


class OpportunityPageSchema(Schema):
    opportunities = fields.List(fields.Nested(OpportunitySchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class OpportunityQuerySchema(Schema):
    q = fields.String(load_default="")
    status = fields.String(load_default="all", validate=validate.OneOf(STATES))
    stage = fields.String(load_default="")
    rep = fields.String(load_default="", metadata=REP)
    channel = fields.String(load_default="")
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class OpportunityFieldsSchema(Schema):
    """What can be written of an opportunity. What is not given stays as it is."""

    name = fields.String()
    amount = fields.Decimal(as_string=True, allow_none=True)
    currency = fields.String()
    rep = fields.String(allow_none=True, metadata=REP)
    channel = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    partner = fields.String(allow_none=True)
    product = fields.String(allow_none=True, metadata=PRODUCT)
    close_on = fields.Date(allow_none=True)
    probability = fields.Float(allow_none=True, metadata={"description": "0 to 1; a move sets the stage's"})
    duplicate = fields.Boolean()


class NewOpportunitySchema(OpportunityFieldsSchema):
    name = fields.String(required=True)
    customer = fields.UUID(required=True)
    stage = fields.String(load_default="", metadata={"description": "empty: the first"})


class StageMoveSchema(Schema):
    stage = fields.String(required=True)


class WinSchema(Schema):
    won_amount = fields.Decimal(as_string=True, load_default=None, allow_none=True, metadata={"description": "null: its amount"})


class LoseSchema(Schema):
    loss_reason = fields.String(required=True, metadata={"description": "of the company's list, or own words"})
    competitor = fields.String(load_default="")


class NewActivitySchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    direction = fields.String(load_default="out", validate=validate.OneOf(("in", "out")))
    subject = fields.String(load_default="")
    outcome = fields.String(load_default="")
    started_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": "null: now"})


class StageSchema(Schema):
    key = fields.String(metadata={"description": "as `stage` of opportunities has it; of a new stage, its name"})
    name = fields.String(required=True)
    position = fields.Integer(dump_only=True)
    probability = fields.Float(required=True, metadata={"description": "0 to 1"})


class StagesSchema(Schema):
    stages = fields.List(fields.Nested(StageSchema), required=True)
    loss_reasons = fields.List(fields.String())


class FunnelQuerySchema(Schema):
    start = fields.Date(load_default=None, allow_none=True, metadata={"description": "first day; null: 12 months ago"})
    end = fields.Date(load_default=None, allow_none=True, metadata={"description": "last day, counted in; null: today"})
    rep = fields.String(load_default="", metadata=REP)


class FunnelStepSchema(Schema):
    stage = fields.String()
    position = fields.Integer()
    entered = fields.Integer()
    went_on = fields.Integer(metadata={"description": "of them, those that have gone further by now"})
    mature = fields.Integer(metadata={"description": "of them, those that entered 60 days ago or earlier"})
    passed = fields.Integer(metadata={"description": "of the mature, those that went further within 60 days"})
    conversion = fields.Float(allow_none=True, metadata={"description": "passed / mature; null: none is mature"})
    median_days = fields.Float(allow_none=True, metadata={"description": "of stays that have ended"})


class LossSchema(Schema):
    reason = fields.String(metadata={"description": "empty: none was given"})
    count = fields.Integer()
    amount = fields.Float(allow_none=True, metadata={"description": "expected amount in the company's currency"})


class FunnelSchema(Schema):
    start = fields.Date()
    end = fields.Date()
    steps = fields.List(fields.Nested(FunnelStepSchema))
    losses = fields.List(fields.Nested(LossSchema))
