"""What programs read and write of tickets."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.tickets.clock import STATES
from kith_platform.tickets.levels import MOST, NORMAL, SEVERITIES
from kith_platform.tickets.listing import SHOW
from kith_platform.tickets.paging import PAGE
from kith_platform.tickets.service import KINDS

REP = {"description": "a person of the staff: e-mail address or name"}


class TicketSchema(Schema):
    id = fields.UUID(attribute="public_id")
    subject = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    topic = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    severity = fields.String(allow_none=True)
    is_complaint = fields.Boolean(allow_none=True)
    status = fields.String(validate=validate.OneOf(STATES))
    customer = fields.UUID(allow_none=True)
    customer_name = fields.String(allow_none=True)
    rep = fields.String(allow_none=True, metadata=REP)
    unit = fields.String(allow_none=True)
    opened_at = fields.AwareDateTime(attribute="occurred_at")
    reply_due_at = fields.AwareDateTime(allow_none=True)
    first_reply_at = fields.AwareDateTime(allow_none=True)
    sla_due_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "when the solution is due; it moves while the clock stands"}
    )
    resolved_at = fields.AwareDateTime(allow_none=True)
    reopened_at = fields.AwareDateTime(allow_none=True)
    contacts = fields.Integer(allow_none=True, metadata={"description": "our replies until it was solved, at least 1"})
    overdue = fields.Boolean()
    source = fields.String()
    external_id = fields.String()


class StateChangeSchema(Schema):
    status = fields.String()
    changed_at = fields.AwareDateTime(attribute="occurred_at")


class MessageSchema(Schema):
    kind = fields.String()
    direction = fields.String(allow_none=True)
    text = fields.String(attribute="subject")
    rep = fields.String(allow_none=True, metadata=REP)
    at = fields.AwareDateTime(attribute="occurred_at")


class SatisfactionSchema(Schema):
    asked_at = fields.AwareDateTime(attribute="occurred_at")
    answered_at = fields.AwareDateTime(allow_none=True)
    score = fields.Float(allow_none=True)
    comment = fields.String(allow_none=True)


class WholeTicketSchema(TicketSchema):
    states = fields.List(fields.Nested(StateChangeSchema))
    messages = fields.List(fields.Nested(MessageSchema))
    satisfaction = fields.Nested(SatisfactionSchema, allow_none=True)


class TicketPageSchema(Schema):
    tickets = fields.List(fields.Nested(TicketSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class TicketQuerySchema(Schema):
    show = fields.String(load_default="all", validate=validate.OneOf(SHOW))
    q = fields.String(load_default="")
    rep = fields.String(load_default="", metadata={"description": "a person of the staff, or none"})
    severity = fields.String(load_default="", validate=validate.OneOf(("", *SEVERITIES)))
    complaint = fields.Boolean(load_default=False)
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class TicketFieldsSchema(Schema):
    """What can be written of a ticket. What is not given stays as it is."""

    subject = fields.String()
    description = fields.String(allow_none=True)
    topic = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    severity = fields.String(validate=validate.OneOf(SEVERITIES))
    is_complaint = fields.Boolean()
    rep = fields.String(allow_none=True, metadata=REP)
    unit = fields.String(allow_none=True)


class NewTicketSchema(TicketFieldsSchema):
    subject = fields.String(required=True)
    severity = fields.String(load_default=NORMAL, validate=validate.OneOf(SEVERITIES))
    customer = fields.UUID(load_default=None, allow_none=True)
    opened_at = fields.AwareDateTime(load_default=None, allow_none=True, metadata={"description": "null: now"})


class NewMessageSchema(Schema):
    text = fields.String(required=True)
    kind = fields.String(
        load_default="", validate=validate.OneOf(("", *KINDS)), metadata={"description": "empty: by the channel"}
    )
    direction = fields.String(load_default="out", validate=validate.OneOf(("in", "out")))


class NewStateSchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(STATES[1:]))


class AnswerSchema(Schema):
    score = fields.Integer(required=True, validate=validate.Range(1, 5))
    comment = fields.String(load_default="")


class LevelSchema(Schema):
    severity = fields.String(required=True, validate=validate.OneOf(SEVERITIES))
    reply_minutes = fields.Integer(required=True, validate=validate.Range(1, MOST), metadata={"description": "business minutes"})
    solve_minutes = fields.Integer(required=True, validate=validate.Range(1, MOST), metadata={"description": "business minutes"})


class LevelsSchema(Schema):
    levels = fields.List(fields.Nested(LevelSchema), required=True)
