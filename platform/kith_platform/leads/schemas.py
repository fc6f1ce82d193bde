"""What programs read and write of leads."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.leads.listing import STATES
from kith_platform.opportunities.paging import PAGE
from kith_platform.opportunities.schemas import PRODUCT, REP, ActivitySchema, OpportunitySchema


class LeadSchema(Schema):
    id = fields.UUID(attribute="public_id")
    status = fields.String(metadata={"description": "new, contacted, qualified, converted or disqualified"})
    name = fields.String(allow_none=True)
    company = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    campaign = fields.String(allow_none=True)
    rep = fields.String(allow_none=True, metadata=REP)
    unit = fields.String(allow_none=True)
    estimate = fields.Decimal(as_string=True, allow_none=True)
    currency = fields.String()
    created_at = fields.AwareDateTime(attribute="occurred_at")
    first_contact_at = fields.AwareDateTime(allow_none=True)
    qualified_at = fields.AwareDateTime(allow_none=True)
    converted_at = fields.AwareDateTime(allow_none=True)
    disqualified_at = fields.AwareDateTime(allow_none=True)
    reason = fields.String(allow_none=True)
    source = fields.String()
    external_id = fields.String()


class KnownSchema(Schema):
    customer = fields.UUID(metadata={"description": "only of customers the caller may see"}, allow_none=True)
    why = fields.List(fields.String(metadata={"description": "email, phone, name"}))
    certain = fields.Boolean(metadata={"description": "a conversion takes this customer without being told"})


class WholeLeadSchema(LeadSchema):
    customer = fields.UUID(allow_none=True)
    known = fields.List(fields.Nested(KnownSchema))
    opportunities = fields.List(fields.UUID())
    activities = fields.List(fields.Nested(ActivitySchema))


class LeadPageSchema(Schema):
    leads = fields.List(fields.Nested(LeadSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class LeadQuerySchema(Schema):
    q = fields.String(load_default="")
    status = fields.String(load_default="all", validate=validate.OneOf(STATES))
    rep = fields.String(load_default="", metadata=REP)
    channel = fields.String(load_default="")
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class LeadFieldsSchema(Schema):
    """What can be written of a lead. One of name, company, email and phone is needed."""

    name = fields.String(allow_none=True)
    company = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    campaign = fields.String(allow_none=True)
    rep = fields.String(allow_none=True, metadata=REP)
    unit = fields.String(allow_none=True)
    product = fields.String(allow_none=True, metadata=PRODUCT)
    estimate = fields.Decimal(as_string=True, allow_none=True)
    currency = fields.String()


class AssignSchema(Schema):
    rep = fields.String(required=True, metadata={"description": "a person of the staff; empty: nobody"})


class DisqualifySchema(Schema):
    reason = fields.String(required=True)


class ConvertSchema(Schema):
    """Without `customer`, who certainly is the lead is taken, else a new customer is made."""

    customer = fields.UUID(load_default=None, allow_none=True)
    new_customer = fields.Boolean(load_default=False, metadata={"description": "make a new one whoever is there"})
    kind = fields.String(load_default="", validate=validate.OneOf(("", "person", "company")))
    name = fields.String(metadata={"description": "of the opportunity; else what the lead is called"})
    amount = fields.Decimal(as_string=True, allow_none=True)
    currency = fields.String()
    stage = fields.String()
    close_on = fields.Date(allow_none=True)


class ConvertedSchema(Schema):
    customer = fields.UUID()
    found = fields.Boolean(metadata={"description": "the customer was there before"})
    opportunity = fields.Nested(OpportunitySchema)
