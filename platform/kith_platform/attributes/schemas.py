"""What programs read and write of attributes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.attributes.kinds import CHOICE_LENGTH, CHOICES, CURRENT, KINDS, LABEL, TEXT, TIMINGS

_KIND = {"description": "text, number, boolean, date, or choice: one of `choices`"}
_TIMING = {
    "description": "fixed: never changes; dated: each change is kept with the moment Kith learnt of it; current: as it is now, "
    "which no model learns from"
}


class AttributeColumnSchema(Schema):
    source = fields.String(required=True, metadata={"description": "the source whose files of customers have the column"})
    column = fields.String(required=True, metadata={"description": "its name there, or its position"})


class NewAttributeSchema(Schema):
    label = fields.String(required=True, validate=validate.Length(1, LABEL))
    kind = fields.String(load_default=TEXT, validate=validate.OneOf(tuple(KINDS)), metadata=_KIND)
    timing = fields.String(load_default=CURRENT, validate=validate.OneOf(tuple(TIMINGS)), metadata=_TIMING)
    sensitive = fields.Boolean(
        load_default=False, metadata={"description": "shown only with a right of its own, and kept from models"}
    )
    choices = fields.List(
        fields.String(validate=validate.Length(1, CHOICE_LENGTH)), load_default=list, validate=validate.Length(max=CHOICES)
    )
    columns = fields.List(fields.Nested(AttributeColumnSchema), load_default=list)


class AttributeChangeSchema(Schema):
    """What is not given stays."""

    label = fields.String(validate=validate.Length(1, LABEL))
    kind = fields.String(validate=validate.OneOf(tuple(KINDS)), metadata=_KIND)
    timing = fields.String(validate=validate.OneOf(tuple(TIMINGS)), metadata=_TIMING)
    sensitive = fields.Boolean()
    choices = fields.List(fields.String(validate=validate.Length(1, CHOICE_LENGTH)), validate=validate.Length(max=CHOICES))
    columns = fields.List(fields.Nested(AttributeColumnSchema))
    in_models = fields.Boolean(metadata={"description": "whether models may learn from it"})
    purpose = fields.String(metadata={"description": "with `in_models` of a sensitive one: what models may use it for"})
    consent = fields.String(metadata={"description": "with `in_models` of a sensitive one: how the customers agreed"})


class AttributeUsesSchema(Schema):
    segments = fields.List(fields.String())
    views = fields.List(fields.String(), metadata={"description": "saved views of the customer list"})
    models = fields.List(fields.String(), metadata={"description": "models whose champion learnt from it"})


class AttributeSchema(Schema):
    key = fields.String(metadata={"description": "names it in rules, customers and addresses; never changes"})
    label = fields.String()
    kind = fields.String(metadata=_KIND)
    timing = fields.String(metadata=_TIMING)
    sensitive = fields.Boolean()
    in_models = fields.Boolean()
    purpose = fields.String(metadata={"description": "what models may use a sensitive one for; empty: none does"})
    consent = fields.String()
    choices = fields.List(fields.String())
    columns = fields.List(fields.Nested(AttributeColumnSchema))
    filled = fields.Integer(allow_none=True, metadata={"description": "customers who have a value; null until counted"})
    misfits = fields.Integer(allow_none=True, metadata={"description": "records that say something else than its kind"})
    counted_at = fields.AwareDateTime(allow_none=True)
    uses = fields.Nested(AttributeUsesSchema)


class AttributeListSchema(Schema):
    attributes = fields.List(fields.Nested(AttributeSchema))


class OfferedColumnSchema(AttributeColumnSchema):
    label = fields.String()
    kind = fields.String(metadata={"description": "what Kith takes it for"})
    timing = fields.String()
    sensitive = fields.Boolean()
    choices = fields.List(fields.String())
    share = fields.Float(metadata={"description": "of the records looked at, the share that say something"})
    sampled = fields.Integer()


class OfferedColumnsSchema(Schema):
    columns = fields.List(fields.Nested(OfferedColumnSchema))
