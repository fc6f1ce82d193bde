"""The index of customer experience (domain B3, cem.index): five blocks of scores. Pure data and one function."""

from __future__ import annotations

from collections.abc import Mapping

from kith_platform.sdk.indices import index_reading
from kith_platform.sdk.scoring import Part, Scorecard, Weighted
from kith_platform.sdk.types import N_, Metric

BLOCKS = (
    Part(key="mvc", label=N_("Most valuable customers"), weight=25, metrics=("cem.mvc_stay", "cem.mvc_gap")),
    Part(
        key="satisfaction",
        label=N_("Satisfaction and effort"),
        weight=25,
        metrics=("cem.nps", "cem.ces", "cem.touch_gap", "cem.first_exp"),
    ),
    Part(
        key="retention",
        label=N_("Staying and lifetime value"),
        weight=25,
        metrics=("ret.rate", "cem.clv_delta", "cem.second_purchase", "cem.loyalty"),
    ),
    Part(
        key="recovery",
        label=N_("Putting things right"),
        weight=15,
        metrics=("cem.recovery_rate", "cem.recovery_lift", "cem.time_to_resolve"),
    ),
    Part(
        key="word_of_mouth",
        label=N_("Word of mouth"),
        weight=10,
        metrics=("cem.referral_rate", "cem.wom_net", "cem.k_factor", "cem.review_sentiment"),
    ),
)
SCORECARD = Scorecard(
    key="cem",
    label=N_("Customer experience"),
    answers=N_("Whether your most valuable customers are content, stay, and speak well of you."),
    metric="cem.index",
    parts=BLOCKS,
)


def cem_index(scores: Mapping[str, float | None]) -> Weighted:
    """The index from scores by metric key; provisional below 60 % of the weight."""
    return SCORECARD.index(scores)


METRICS = (
    Metric(
        key="cem.index",
        name=N_("Index of customer experience"),
        unit="score",
        better="up",
        kind="outcome",
        words=N_(
            "Scores from 0 to 100 against what was agreed: 25 for the most valuable customers, 25 for satisfaction and "
            "effort, 25 for "
            "staying and lifetime value, 15 for complaints put right, 10 for word of mouth. Provisional below 60 % of the weight."
        ),
        code="Σ w·score / Σ w",
        needs=(),
        above=lambda seen: index_reading(SCORECARD, seen),
    ),
)
