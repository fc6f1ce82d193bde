"""What programs read and write of surveys."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kith_platform.i18n import LANGUAGES
from kith_platform.surveys.asking import CHANNELS, MOST_NAMED
from kith_platform.surveys.kinds import KINDS
from kith_platform.surveys.models import CLOSED, OPEN
from kith_platform.tickets.paging import PAGE


class SurveyFieldsSchema(Schema):
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    touchpoint = fields.String(load_default="", metadata={"description": "what it asks about; written into each answer"})
    channel = fields.String(load_default="")
    unit = fields.String(load_default="", metadata={"description": "team or branch"})


class NewSurveySchema(SurveyFieldsSchema):
    questions = fields.Dict(
        keys=fields.String(validate=validate.OneOf(tuple(LANGUAGES))),
        values=fields.String(),
        load_default=dict,
        metadata={"description": "by language; the kind's usual words where one is missing"},
    )


class ScoreCountSchema(Schema):
    score = fields.Integer()
    answers = fields.Integer()


class SurveySchema(SurveyFieldsSchema):
    id = fields.UUID(attribute="public_id")
    questions = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "by language"})
    state = fields.String(validate=validate.OneOf((OPEN, CLOSED)))
    made_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)
    link = fields.String(metadata={"description": "the public page, for everybody; its answers are anonymous"})
    sent = fields.Integer(metadata={"description": "who was asked by a personal link, or answered unasked"})
    answered = fields.Integer()
    counts = fields.List(
        fields.Nested(ScoreCountSchema), metadata={"description": "empty where too few answered for nobody to be told"}
    )
    value = fields.Float(allow_none=True, metadata={"description": "of these answers alone; the metric has interval and period"})
    unit_of_value = fields.String(validate=validate.OneOf(("points", "ratio", "score")))
    metric = fields.String()
    few = fields.Boolean(metadata={"description": "fewer than 30 answers"})


class SurveyPageSchema(Schema):
    surveys = fields.List(fields.Nested(SurveySchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class SurveyQuerySchema(Schema):
    state = fields.String(load_default="", validate=validate.OneOf(("", OPEN, CLOSED)))
    after = fields.UUID(load_default=None, allow_none=True)
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class SurveyAnswerSchema(Schema):
    customer = fields.UUID(allow_none=True)
    customer_name = fields.String(allow_none=True)
    score = fields.Float()
    comment = fields.String(allow_none=True)
    answered_at = fields.AwareDateTime()


class SurveyAnswerPageSchema(Schema):
    answers = fields.List(fields.Nested(SurveyAnswerSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})
    comments = fields.List(fields.String(), metadata={"description": "of an anonymous survey alone, in no order"})


class SurveyAnswerQuerySchema(Schema):
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, 200))


class NewSurveyAnswerSchema(Schema):
    customer = fields.UUID(required=True)
    score = fields.Integer(required=True)
    comment = fields.String(load_default="")


class NewSurveyLinksSchema(Schema):
    customers = fields.List(fields.UUID(), required=True, metadata={"description": f"at most {MOST_NAMED}"})
    channel = fields.String(required=True, validate=validate.OneOf(tuple(CHANNELS)))
    agreed = fields.Boolean(load_default=False, metadata={"description": "only who granted the channel"})


class SurveyLinkSchema(Schema):
    customer = fields.UUID()
    link = fields.String()


class SurveyLinksSchema(Schema):
    links = fields.List(
        fields.Nested(SurveyLinkSchema), metadata={"description": "without who cannot be reached by the channel, or refused it"}
    )
