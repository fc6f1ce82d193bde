"""What programs read and write of customers, orders and events."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.attributes.masks import AttributesField, ReasonsField
from kith_platform.customers.listing import PAGE, RISKS, SORTS, WORTH
from kith_platform.customers.service import KINDS, LONGEST
from kith_platform.facts.trade import ORDER_STATES

MOST = 1000  # rows of one batch
SORT_CHOICES = tuple(sign + sort for sort in SORTS for sign in ("", "-"))


class ScoreSchema(Schema):
    value = fields.Float(metadata={"description": "a chance (churn) or money in the company's currency (clv)"})
    tier = fields.String(metadata={"description": "the kind of model that served; `rule` is the simple rule"})
    as_of = fields.Date()
    version = fields.Integer()
    extra = fields.Dict()
    reasons = ReasonsField(fields.Dict(), metadata={"description": "feature, value and effect, the strongest first"})


class CustomerSchema(Schema):
    id = fields.UUID(attribute="public_id")
    name = fields.String()
    kind = fields.String()
    email = fields.String()
    phone = fields.String()
    city = fields.String()
    country = fields.String()
    held_back = fields.Boolean(metadata={"description": "in the universal hold-out: no campaign is sent to this customer"})
    attributes = AttributesField(metadata={"description": "the company's own; sensitive ones only with the right to see them"})
    created_at = fields.AwareDateTime()
    changed_at = fields.AwareDateTime()


class RecordSchema(Schema):
    source = fields.String()
    external_id = fields.String()
    known_at = fields.AwareDateTime()


class FiguresSchema(Schema):
    orders = fields.Integer()
    first = fields.Date(allow_none=True)
    last = fields.Date(allow_none=True)
    net = fields.Float(metadata={"description": "last 365 days less returns, in the company's currency"})
    orders_year = fields.Integer()
    average = fields.Float(allow_none=True)
    elsewhere = fields.Integer(metadata={"description": "orders in other currencies, left out of the money"})
    complaints = fields.Integer(metadata={"description": "not solved yet"})


class WholeCustomerSchema(CustomerSchema):
    records = fields.List(fields.Nested(RecordSchema))
    figures = fields.Nested(FiguresSchema)
    scores = fields.Dict(keys=fields.String(), values=fields.Nested(ScoreSchema))


class CustomerPageSchema(Schema):
    customers = fields.List(fields.Nested(CustomerSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class CustomerQuerySchema(Schema):
    q = fields.String(load_default="", metadata={"description": "words, beginnings, parts of a phone number"})
    risk = fields.String(load_default="", validate=validate.OneOf(("", *RISKS)))
    worth = fields.String(load_default="", validate=validate.OneOf(("", *WORTH)))
    country = fields.String(load_default="")
    complaint = fields.Boolean(load_default=False, metadata={"description": "only those with an unsolved complaint"})
    quality = fields.String(load_default="", metadata={"description": "only those with this issue of data quality"})
    sort = fields.String(load_default="name", validate=validate.OneOf(SORT_CHOICES))
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class NewCustomerSchema(Schema):
    name = fields.String(load_default="", validate=validate.Length(max=LONGEST))
    kind = fields.String(load_default="", validate=validate.OneOf(("", *KINDS)))
    email = fields.String(load_default="")
    phone = fields.String(load_default="")
    city = fields.String(load_default="")
    country = fields.String(load_default="")


class OrderSchema(Schema):
    id = fields.UUID(attribute="public_id")
    customer = fields.UUID(allow_none=True)
    source = fields.String()
    external_id = fields.String()
    ordered_at = fields.AwareDateTime(attribute="occurred_at")
    status = fields.String(allow_none=True)
    net = fields.Decimal(as_string=True, allow_none=True)
    tax = fields.Decimal(as_string=True, allow_none=True)
    discount = fields.Decimal(as_string=True, allow_none=True)
    currency = fields.String()
    channel = fields.String(allow_none=True)
    store = fields.String(allow_none=True)


class OrderPageSchema(Schema):
    orders = fields.List(fields.Nested(OrderSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class OrderQuerySchema(Schema):
    customer = fields.UUID(load_default=None)
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class NewOrderSchema(Schema):
    id = fields.String(required=True, metadata={"description": "the order's id in the source: sent again, it is updated"})
    customer = fields.String(required=True, metadata={"description": "the customer's id in the same source"})
    ordered_at = fields.AwareDateTime(required=True)
    net = fields.Decimal(as_string=True, load_default=None, allow_none=True)
    tax = fields.Decimal(as_string=True, load_default=None, allow_none=True)
    discount = fields.Decimal(as_string=True, load_default=None, allow_none=True)
    currency = fields.String(load_default=None, allow_none=True, validate=validate.Regexp("^[A-Z]{3}$"))
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(ORDER_STATES))
    quantity = fields.Decimal(as_string=True, load_default=None, allow_none=True)
    channel = fields.String(load_default=None, allow_none=True)
    store = fields.String(load_default=None, allow_none=True)


class NewEventSchema(Schema):
    id = fields.String(
        required=True, metadata={"description": "the event's id in the source: sent again, it is not counted twice"}
    )
    customer = fields.String(required=True, metadata={"description": "the customer's id in the same source"})
    happened_at = fields.AwareDateTime(required=True)
    name = fields.String(required=True)
    amount = fields.Decimal(as_string=True, load_default=None, allow_none=True)
    minutes = fields.Decimal(as_string=True, load_default=None, allow_none=True)
    channel = fields.String(load_default=None, allow_none=True)
    session = fields.String(load_default=None, allow_none=True)
    detail = fields.String(load_default=None, allow_none=True)
    module = fields.String(load_default=None, allow_none=True, metadata={"description": "the module or feature that was used"})
    user = fields.String(load_default=None, allow_none=True, metadata={"description": "who at the customer used it"})
    bot = fields.Boolean(load_default=None, allow_none=True, metadata={"description": "no person did it"})


SOURCE_FIELD = {"description": "the system the rows come from; ids are unique within it"}


class OrderBatchSchema(Schema):
    source = fields.String(load_default="api", validate=validate.Length(1, 60), metadata=SOURCE_FIELD)
    orders = fields.List(fields.Nested(NewOrderSchema), required=True, validate=validate.Length(1, MOST))


class EventBatchSchema(Schema):
    source = fields.String(load_default="api", validate=validate.Length(1, 60), metadata=SOURCE_FIELD)
    events = fields.List(fields.Nested(NewEventSchema), required=True, validate=validate.Length(1, MOST))


class TakenSchema(Schema):
    import_id = fields.UUID(metadata={"description": "the import that loads the batch, with its counts and rejects"})
    job = fields.UUID(allow_none=True, metadata={"description": "its job: GET /api/v1/jobs/<id> says how far it is"})
    rows = fields.Integer()
