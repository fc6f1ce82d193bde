"""What programs read and write of targets."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.opportunities.paging import PAGE
from kith_platform.opportunities.schemas import PRODUCT, REP
from kith_platform.targets.service import KINDS


class TargetSchema(Schema):
    starts_on = fields.Date(attribute="occurred_on")
    ends_on = fields.Date(metadata={"description": "last day, counted in"})
    kind = fields.String(metadata={"description": "sales, won, new_customers or tickets"})
    amount = fields.Decimal(as_string=True)
    currency = fields.String(allow_none=True, metadata={"description": "null: a number"})
    rep = fields.String(allow_none=True, metadata=REP)
    unit = fields.String(allow_none=True)
    product = fields.String(allow_none=True, metadata=PRODUCT)
    channel = fields.String(allow_none=True)
    set_at = fields.AwareDateTime(allow_none=True)
    actual = fields.Decimal(
        as_string=True, allow_none=True, metadata={"description": "in the company's currency; of sales and won, once begun"}
    )
    share = fields.Float(allow_none=True, metadata={"description": "actual / target"})
    pace = fields.Float(allow_none=True, metadata={"description": "of a running period: actual / part due by working days"})


class TargetPageSchema(Schema):
    targets = fields.List(fields.Nested(TargetSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class TargetQuerySchema(Schema):
    start = fields.Date(load_default=None, allow_none=True, metadata={"description": "null: the year's first day"})
    end = fields.Date(load_default=None, allow_none=True, metadata={"description": "null: the year's last day"})
    kind = fields.String(load_default="", validate=validate.OneOf(("", *KINDS)))
    rep = fields.String(load_default="", metadata=REP)
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class NewTargetSchema(Schema):
    """Without rep, unit, product and channel it is the whole company's. An amount set before is kept as a former version."""

    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    amount = fields.Decimal(required=True, as_string=True)
    currency = fields.String(allow_none=True)
    rep = fields.String(allow_none=True, metadata=REP)
    unit = fields.String(allow_none=True)
    product = fields.String(allow_none=True, metadata=PRODUCT)
    channel = fields.String(allow_none=True)
