"""What programs read of models and scores."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class VersionSchema(Schema):
    id = fields.UUID(attribute="public_id")
    version = fields.Integer()
    state = fields.String(metadata={"enum": ["champion", "retired", "baseline", "not_trained"]})
    tier = fields.String()
    verdict = fields.String(metadata={"description": "a stable code; `verdict_params` holds its numbers"})
    verdict_params = fields.Dict()
    as_of = fields.Date()
    trained_at = fields.AwareDateTime()
    metrics = fields.Dict()
    parameters = fields.Dict()
    warnings = fields.List(fields.Dict())
    sha256 = fields.String()


class WatchSchema(Schema):
    week = fields.Date(allow_none=True, metadata={"description": "the Monday of the last week that was looked at"})
    grade = fields.String(metadata={"enum": ["", "ok", "watch", "alert"], "description": "the worst stability; empty: none yet"})
    score = fields.Dict(allow_none=True, metadata={"description": "of the scores: `psi`, `grade`, `move`, `shares`"})
    features = fields.List(fields.Dict(), metadata={"description": "the ten features that moved most, as `score`"})
    months = fields.List(
        fields.Dict(), metadata={"description": "newest first: `state` is waiting, judged or few; `auc`, `said`, `came`"}
    )
    rule_serves_since = fields.AwareDateTime(allow_none=True, metadata={"description": "since the rule took over from the model"})
    words = fields.List(fields.String(), metadata={"description": "the same in the caller's language"})


class ModelSchema(Schema):
    key = fields.String()
    label = fields.String()
    answers = fields.String()
    value = fields.String(metadata={"description": "what a score means: `probability` or `money`"})
    words = fields.String(metadata={"description": "the verdict in the caller's language; empty before the first training"})
    serves = fields.Nested(VersionSchema, allow_none=True, metadata={"description": "null: the simple rule serves"})
    latest = fields.Nested(VersionSchema, allow_none=True)
    watch = fields.Nested(WatchSchema, allow_none=True, metadata={"description": "how it holds up since its training"})


class ModelsSchema(Schema):
    models = fields.List(fields.Nested(ModelSchema))


class SeenSchema(Schema):
    first = fields.Date(allow_none=True)
    last = fields.Date(allow_none=True, metadata={"description": "counted in"})
    count = fields.Integer(allow_none=True, metadata={"description": "customers, or cases such as leads"})
    yes = fields.Integer(allow_none=True)


class LineSchema(Schema):
    key = fields.String()
    label = fields.String()
    sentences = fields.List(fields.String())


class CardSchema(Schema):
    key = fields.String()
    window_days = fields.Integer(allow_none=True, metadata={"description": "days judged after the gap"})
    gap_days = fields.Integer(allow_none=True, metadata={"description": "days left to act"})
    learnt = fields.Nested(SeenSchema, allow_none=True)
    judged = fields.Nested(SeenSchema, allow_none=True)
    tier = fields.String(metadata={"description": "what serves; `rule`: a model was no better, `none`: none could be trained"})
    next_tier = fields.String(metadata={"description": "the better tier that lacks `missing` cases; empty at the top"})
    found = fields.Integer(allow_none=True, metadata={"description": "cases of the rarer answer in training"})
    missing = fields.Integer()
    left_out = fields.List(fields.String(), metadata={"description": "sensitive attributes that no model learns from"})
    allowed = fields.List(fields.String(), metadata={"description": "sensitive attributes allowed for a recorded purpose"})
    reached = fields.Float(
        allow_none=True, metadata={"description": "share of rows learnt from customers whom a campaign reached; null: not told"}
    )
    fairness = fields.List(fields.Dict())
    lines = fields.List(fields.Nested(LineSchema), metadata={"description": "the card in the caller's language"})


class TrainingSchema(Schema):
    job = fields.UUID()
    state = fields.String()


class ScoreRowSchema(Schema):
    customer = fields.UUID(metadata={"description": "of a model of customers"})
    row = fields.UUID(metadata={"description": "the lead, opportunity or invoice, of a model of those"})
    value = fields.Float()
    tier = fields.String()
    as_of = fields.Date()
    version = fields.Integer()
    extra = fields.Dict()
    kind = fields.String(metadata={"description": "what a model of kinds says: `persuadable`, `price`; empty for none"})
    reasons = fields.List(fields.Dict())
    words = fields.List(fields.String(), metadata={"description": "the reasons as sentences in the caller's language"})


class ScorePageSchema(Schema):
    scores = fields.List(fields.Nested(ScoreRowSchema))
    next = fields.String(allow_none=True, metadata={"description": "give as `after`; null at the end"})


class ScoreQuerySchema(Schema):
    model = fields.String(required=True)
    after = fields.String(load_default="")
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
