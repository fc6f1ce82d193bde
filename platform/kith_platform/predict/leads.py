"""Which lead will become a customer (domain.md D8), and what that customer is likely to be worth.

Asked each week of the leads that are open and at most 90 days old; yes is a conversion in the 90 days after. The rule to beat is
how often leads of the same channel converted. Beside the chance stands chance · worth: what customers who came by the channel
brought in their first year, drawn towards all (κ = 20); by it leads are ranked, so that the right customers come first and not
the likeliest alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from kith_platform.predict.cases import Cases, Ends, Looked, local_days
from kith_platform.predict.evidence import Floats
from kith_platform.predict.features.leads import FEATURES, OPEN_DAYS, leads, worth
from kith_platform.predict.fits import rates
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.training import Evidence

KAPPA = 20.0
CHANNEL_EDGES = (0.02, 0.04, 0.06, 0.08, 0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75)


def look(evidence: Evidence, days: Sequence[dt.date]) -> Looked:
    """The leads open before each of the days."""
    frames = evidence.question.frames
    known = frames.before(max(days))
    return Looked.of(known.run(leads(frames.before_each(days), known)), FEATURES)


def ends(evidence: Evidence) -> Ends:
    """When each lead converted, or was given up."""
    tables = evidence.question.frames.at(evidence.question.as_of)
    rows = tables.leads
    found = tables.run(rows.select("id", "converted_at", "disqualified_at").order_by("id"))
    zone = evidence.question.frames.manifest.timezone
    return Ends(
        found["id"].to_numpy().astype(np.int64),
        local_days(found, "converted_at", zone),
        local_days(found, "disqualified_at", zone),
    )


def expected(evidence: Evidence, rows: Matrix, chances: Floats) -> Mapping[str, Floats]:
    """chance · what a customer who came by the lead's channel brings in a year; nothing before any such year is over."""
    question = evidence.question
    tables = question.frames.before(question.cutoff)
    found = tables.run(worth(tables, question.cutoff))
    people, money = (found[name].cast("double").to_numpy(zero_copy_only=False) for name in ("customers", "money"))
    if not people.sum():
        return {}
    mean = money.sum() / people.sum()
    by_channel = dict(zip(found["channel"].to_pylist(), (money + KAPPA * mean) / (people + KAPPA), strict=True))
    own = tables.run(tables.leads.select("id", "channel"))
    channel = dict(zip(own["id"].to_pylist(), own["channel"].to_pylist(), strict=True))
    each = np.array([by_channel.get(channel[one], mean) for one in rows.ids.tolist()], dtype=np.float64)
    return {"expected_value": chances * each}


LEAD = Cases(
    key="leads",
    subject="leads",
    look=look,
    ends=ends,
    settles=lambda _evidence: OPEN_DAYS,
    within=OPEN_DAYS,
    rule=rates.Rule("lead_channel_share", CHANNEL_EDGES),
    prior=0.1,
    plain=("lead_age", "lead_response", "lead_channel_share"),
    beside=expected,
    ranked="expected_value",
)
