"""Customers' success: whether they reach their goals, keep using what they bought, and both sides gain."""

from __future__ import annotations

from collections.abc import Sequence

from kith_platform.sdk import hookimpl
from kith_platform.sdk.advice import Advice
from kith_platform.sdk.scoring import Scorecard
from kith_platform.sdk.types import N_, Manifest, Metric, Placement, Setting
from kith_plugins.analytics_csm import (
    adoption,
    advice,
    advocacy,
    contracts,
    customer_value,
    goals,
    health,
    index,
    placing,
    promises,
    staff,
    stakeholders,
)


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        name="analytics_csm",
        title=N_("Customer success"),
        summary=N_("Whether customers reach their goals with you, stay healthy, and both sides gain."),
        version="0.1.0",
        requires_platform=">=0.1,<1",
        for_everyone=True,
    )


@hookimpl
def register_settings() -> Sequence[Setting]:
    return (
        Setting(
            key="working_days_only",
            label=N_("Stickiness by working days"),
            kind="boolean",
            default=False,
            help=N_("Daily users are then a mean over the days on which you are open, as your opening hours say."),
        ),
    )


@hookimpl
def register_metrics() -> Sequence[Metric]:
    return (
        *goals.METRICS,
        *promises.METRICS,
        *adoption.METRICS,
        *health.METRICS,
        *contracts.METRICS,
        *advocacy.METRICS,
        *customer_value.METRICS,
        *stakeholders.METRICS,
        *staff.METRICS,
        *index.METRICS,
    )


@hookimpl
def register_scorecards() -> Sequence[Scorecard]:
    return (index.SCORECARD,)


@hookimpl
def register_placements() -> Sequence[Placement]:
    return placing.PLACEMENTS


@hookimpl
def register_advice() -> Sequence[Advice]:
    return advice.ADVICE
