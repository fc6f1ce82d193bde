"""What programs read and write of customers' goals."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.opportunities.paging import PAGE
from kith_platform.outcomes.service import SHOW


class OutcomeSchema(Schema):
    id = fields.UUID(attribute="public_id")
    goal = fields.String()
    measure = fields.String(allow_none=True)
    customer = fields.UUID(allow_none=True)
    customer_name = fields.String(allow_none=True)
    baseline = fields.Float(allow_none=True)
    target = fields.Float(allow_none=True)
    set_at = fields.AwareDateTime(attribute="occurred_at")
    due_on = fields.Date(allow_none=True)
    actual = fields.Float(allow_none=True)
    measured_at = fields.AwareDateTime(allow_none=True)
    reached = fields.Float(allow_none=True, metadata={"description": "share of the way from baseline to target, 0 to 1.2"})
    confirmed_by = fields.String(allow_none=True)
    confirmed_at = fields.AwareDateTime(allow_none=True)
    value = fields.Decimal(as_string=True, allow_none=True, metadata={"description": "worth to the customer"})
    verified = fields.Boolean(allow_none=True)
    own_cost = fields.Decimal(as_string=True, allow_none=True, metadata={"description": "what the customer spent on it"})
    currency = fields.String()
    initiative = fields.String(allow_none=True)
    source = fields.String()
    external_id = fields.String()


class OutcomePageSchema(Schema):
    outcomes = fields.List(fields.Nested(OutcomeSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class OutcomeQuerySchema(Schema):
    show = fields.String(load_default="all", validate=validate.OneOf(SHOW))
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class OutcomeFieldsSchema(Schema):
    """What can be written of a goal. What is not given stays as it is."""

    goal = fields.String()
    measure = fields.String(allow_none=True)
    baseline = fields.Decimal(allow_none=True)
    target = fields.Decimal(allow_none=True)
    due_on = fields.Date(allow_none=True)
    initiative = fields.String(allow_none=True)


class NewOutcomeSchema(OutcomeFieldsSchema):
    goal = fields.String(required=True)
    customer = fields.UUID(required=True)


class ConfirmationSchema(Schema):
    confirmed_by = fields.String(required=True)
    confirmed_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": "null: now"})


class MeasurementSchema(Schema):
    actual = fields.Decimal(required=True)
    value = fields.Decimal(allow_none=True)
    own_cost = fields.Decimal(allow_none=True)
    verified = fields.Boolean(allow_none=True)
    currency = fields.String(validate=validate.Regexp("^[A-Z]{3}$"))
    measured_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": "null: now"})
