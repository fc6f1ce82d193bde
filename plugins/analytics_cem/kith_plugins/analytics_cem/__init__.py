"""Customer experience management: who buys again, who stays, where the value lies, what customers say."""

from __future__ import annotations

from collections.abc import Sequence

from kith_platform.sdk import hookimpl
from kith_platform.sdk.advice import Advice
from kith_platform.sdk.scoring import Scorecard
from kith_platform.sdk.types import N_, Manifest, Metric, Placement, Setting
from kith_plugins.analytics_cem import (
    advice,
    affinity,
    beginnings,
    cohorts,
    complaints,
    dimensions,
    drivers,
    evenness,
    firsts,
    frozen,
    groups,
    holdings,
    index,
    lead_card,
    leaving,
    lifecycle,
    loyalty,
    opinions,
    profiles,
    rfm,
    value,
    word_of_mouth,
)


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        name="analytics_cem",
        title=N_("Customer value and loyalty"),
        summary=N_("Who is worth most, who comes back, and who stays: RFM, retention, concentration, lifetime value."),
        version="0.1.0",
        requires_platform=">=0.1,<1",
        for_everyone=True,
    )


@hookimpl
def register_settings() -> Sequence[Setting]:
    return (
        Setting(
            key="usual_gap_days",
            label=N_("Usual days between two purchases"),
            kind="integer",
            default=60,
            minimum=1,
            maximum=1000,
            help=N_("Used until your own customers show at least 30 gaps between purchases."),
        ),
        Setting(
            key="closed_days",
            label=N_("Days on which you sell nothing"),
            kind="text",
            default="",
            help=N_(
                "Holidays as 2026-02-16..2026-02-22, 2026-05-01: no customer becomes late on them, nor on the closed days of "
                "your calendar."
            ),
        ),
        Setting(
            key="group_limits",
            label=N_("Limits of the groups"),
            kind="choice",
            default="mean",
            choices=(("mean", N_("Mean of all buyers")), (groups.MEDIAN, N_("Median of all buyers"))),
            help=N_("Computed at the start of each quarter and kept for the quarter."),
        ),
        Setting(
            key="touchpoints",
            label=N_("Touchpoints: weight and target"),
            kind="text",
            default="",
            help=N_("Each with its importance and the share of satisfied answers aimed at: delivery 0.6 0.9; service 0.4 0.85"),
        ),
        Setting(
            key="promoter_reach",
            label=N_("People a promoter tells"),
            kind="number",
            default=word_of_mouth.PROMOTED,
            minimum=0,
            maximum=1000,
        ),
        Setting(
            key="detractor_reach",
            label=N_("People a detractor warns"),
            kind="number",
            default=word_of_mouth.WARNED,
            minimum=0,
            maximum=1000,
        ),
    )


@hookimpl
def register_metrics() -> Sequence[Metric]:
    return (
        *opinions.METRICS,
        *drivers.METRICS,
        *loyalty.METRICS,
        *firsts.METRICS,
        *frozen.METRICS,
        *value.METRICS,
        *leaving.METRICS,
        *holdings.METRICS,
        *complaints.METRICS,
        *word_of_mouth.METRICS,
        *index.METRICS,
    )


@hookimpl
def register_scorecards() -> Sequence[Scorecard]:
    return (index.SCORECARD,)


@hookimpl
def register_placements() -> Sequence[Placement]:
    return (
        groups.GROUP,
        lifecycle.LIFECYCLE,
        rfm.RFM,
        evenness.ABC_XYZ,
        cohorts.COHORT,
        beginnings.BEGINNINGS,
        dimensions.ENGAGEMENT,
        profiles.PROFILE,
        lead_card.LEAD_CHANCE,
        affinity.AFFINITY,
    )


@hookimpl
def register_advice() -> Sequence[Advice]:
    return advice.ADVICE
