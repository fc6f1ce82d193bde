"""Customer interface management: how good what a company knows of its customers is."""

from __future__ import annotations

from collections.abc import Sequence

from kith_platform.sdk import hookimpl
from kith_platform.sdk.advice import Advice
from kith_platform.sdk.scoring import Scorecard
from kith_platform.sdk.types import N_, Manifest, Metric, Placement, Setting
from kith_plugins.analytics_cim import (
    advice,
    analysis,
    attainment,
    capture,
    costs,
    deals,
    funnel,
    growth,
    index,
    market,
    motivation,
    newcomers,
    pipeline,
    productivity,
    products,
    quality,
    returns,
    satisfaction,
    service,
    solving,
    staying_worth,
    together,
    wrong_customers,
)


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        name="analytics_cim",
        title=N_("Customer interface"),
        summary=N_("How complete, valid, unique, consistent and fresh your customer data are."),
        version="0.1.0",
        requires_platform=">=0.1,<1",
        for_everyone=True,
    )


@hookimpl
def register_settings() -> Sequence[Setting]:
    return (
        Setting(
            key="discount_rate",
            label=N_("Discount rate per year"),
            kind="number",
            default=0.10,
            minimum=0,
            maximum=1,
            help=N_("What money a year later is worth less: 0.10 for 10%. Months count as twelfths of a year, compounded."),
        ),
        *deals.SETTINGS,
        *costs.SETTINGS,
        *productivity.SETTINGS,
        *capture.SETTINGS,
    )


@hookimpl
def register_metrics() -> Sequence[Metric]:
    return (
        *quality.METRICS,
        *satisfaction.METRICS,
        *productivity.METRICS,
        *deals.METRICS,
        *funnel.METRICS,
        *pipeline.METRICS,
        *attainment.METRICS,
        *products.METRICS,
        *service.METRICS,
        *solving.METRICS,
        *costs.METRICS,
        *market.METRICS,
        *newcomers.METRICS,
        *growth.METRICS,
        *analysis.METRICS,
        *capture.METRICS,
        *together.METRICS,
        *motivation.METRICS,
        *returns.METRICS,
        *staying_worth.METRICS,
        *index.METRICS,
    )


@hookimpl
def register_scorecards() -> Sequence[Scorecard]:
    return (index.SCORECARD,)


@hookimpl
def register_placements() -> Sequence[Placement]:
    return (wrong_customers.WRONG_CUSTOMERS,)


@hookimpl
def register_advice() -> Sequence[Advice]:
    return advice.ADVICE
