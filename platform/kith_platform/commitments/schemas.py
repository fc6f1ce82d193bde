"""What programs read and write of commitments."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.commitments.service import KINDS, SHOW
from kith_platform.tickets.paging import PAGE

REP = {"description": "a person of the staff: e-mail address or name"}


class CommitmentSchema(Schema):
    id = fields.UUID(attribute="public_id")
    what = fields.String()
    kind = fields.String(allow_none=True)
    customer = fields.UUID(allow_none=True)
    customer_name = fields.String(allow_none=True)
    rep = fields.String(allow_none=True, metadata=REP)
    unit = fields.String(allow_none=True)
    promised_at = fields.AwareDateTime(attribute="occurred_at")
    due_at = fields.AwareDateTime()
    done_at = fields.AwareDateTime(allow_none=True)
    cancelled = fields.Boolean(allow_none=True)
    source = fields.String()
    external_id = fields.String()


class CommitmentPageSchema(Schema):
    commitments = fields.List(fields.Nested(CommitmentSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class CommitmentQuerySchema(Schema):
    show = fields.String(load_default="all", validate=validate.OneOf(SHOW))
    rep = fields.String(load_default="", metadata=REP)
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class CommitmentFieldsSchema(Schema):
    """What can be written of an open commitment. What is not given stays as it is."""

    what = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    rep = fields.String(allow_none=True, metadata=REP)
    unit = fields.String(allow_none=True)
    due_at = fields.AwareDateTime()


class NewCommitmentSchema(CommitmentFieldsSchema):
    what = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True)
    customer = fields.UUID(required=True)
    ticket = fields.UUID(load_default=None, allow_none=True)


class DoneSchema(Schema):
    done_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": "null: now"})
