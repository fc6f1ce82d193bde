"""What programs read and write of success criteria."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from kith_platform.criteria.models import STATES
from kith_platform.criteria.service import PAGE


class NewCriterionSchema(Schema):
    key = fields.String(required=True, metadata={"description": "a metric of an enabled module"})
    target = fields.Float(required=True)
    owner = fields.UUID(required=True, metadata={"description": "the member who answers for it"})
    due_on = fields.Date(required=True)
    baseline_month = fields.String(
        load_default="", metadata={"description": "2026-10: the baseline is frozen from the value stored for this month"}
    )
    baseline = fields.Float(load_default=None, allow_none=True, metadata={"description": "by hand, with baseline_reason"})
    baseline_reason = fields.String(load_default="")
    initiative = fields.String(load_default="", metadata={"description": "external id of an initiative"})
    note = fields.String(load_default="")
    sign = fields.Boolean(load_default=False, metadata={"description": "sign it at once"})


class ChangedCriterionSchema(NewCriterionSchema):
    """What a draft is changed to. What is missing is told by the use case, after it is known that the draft is there."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "partial": True})


class CriterionSchema(Schema):
    id = fields.UUID(attribute="public_id")
    key = fields.String()
    grain = fields.String()
    unit = fields.String(metadata={"description": "empty: the company"})
    state = fields.String(metadata={"description": ", ".join(STATES)})
    version = fields.Integer()
    baseline = fields.Float()
    baseline_month = fields.Date(allow_none=True)
    baseline_reason = fields.String()
    target = fields.Float()
    owner = fields.UUID(allow_none=True)
    owner_name = fields.String()
    due_on = fields.Date()
    initiative = fields.String()
    note = fields.String()
    made_at = fields.AwareDateTime()
    signed_at = fields.AwareDateTime(allow_none=True)
    signed_by = fields.String(metadata={"description": "who signed; empty for Kith's command line"})
    ended_at = fields.AwareDateTime(allow_none=True)
    ended_reason = fields.String()


class CriteriaQuerySchema(Schema):
    state = fields.String(load_default="", validate=validate.OneOf(["", *STATES]))
    key = fields.String(load_default="")
    initiative = fields.String(load_default="")
    after = fields.UUID(load_default=None, metadata={"description": "`next` of the page before"})
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class CriteriaPageSchema(Schema):
    criteria = fields.List(fields.Nested(CriterionSchema))
    next = fields.UUID(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class WithdrawSchema(Schema):
    reason = fields.String(load_default="", metadata={"description": "needed for a signed record"})
