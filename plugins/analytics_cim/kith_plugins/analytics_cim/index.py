"""The sixteen criteria of customer interface management and their index (domain B2.0, S29). Pure data and one function."""

from __future__ import annotations

from collections.abc import Mapping

from kith_platform.sdk.indices import index_reading
from kith_platform.sdk.scoring import Part, Profile, Scorecard, Weighted
from kith_platform.sdk.types import N_, Metric

GROUPS: Mapping[str, str] = {
    "information": N_("Customer information"),
    "operations": N_("Operations"),
    "relation": N_("Customer relation"),
    "performance": N_("Company performance"),
}
RESULTS = 0.60  # of the weight in the profile `outcome` lies on relation and performance

# The weight is how many of a hundred stories of SAP users named the criterion; a story may count several times. Σ = 217.
CRITERIA = (
    Part(
        key="1a",
        group="information",
        label=N_("Data quality"),
        weight=24,
        metrics=(
            "cim.dq.index",
            "cim.dq.completeness",
            "cim.dq.validity",
            "cim.dq.uniqueness",
            "cim.dq.consistency",
            "cim.dq.freshness",
        ),
    ),
    Part(
        key="1b",
        group="information",
        label=N_("Analysis and reports"),
        weight=13,
        metrics=("cim.ana.report_ontime", "cim.ana.insight_action_rate", "cim.ana.forecast_accuracy"),
    ),
    Part(
        key="1c",
        group="information",
        label=N_("Data acquisition"),
        weight=11,
        metrics=("cim.acqd.auto_capture", "cim.acqd.identity_rate", "cim.acqd.contactable"),
    ),
    Part(
        key="2a",
        group="operations",
        label=N_("Productivity"),
        weight=27,
        metrics=("cim.prd.rev_per_fte", "cim.prd.selling_time", "cim.prd.cycle_days"),
    ),
    Part(
        key="2b",
        group="operations",
        label=N_("Sales efficiency and success"),
        weight=25,
        metrics=(
            "cim.sal.win_rate",
            "cim.sal.stage_conv",
            "cim.sal.velocity",
            "cim.sal.weighted_pipeline",
            "cim.sal.attainment",
            "cim.sal.cust_per_rep",
            "cim.sal.product_mix",
        ),
    ),
    Part(
        key="2c",
        group="operations",
        label=N_("Service quality"),
        weight=24,
        metrics=("cim.svc.sla", "cim.svc.fcr", "cim.svc.reopen"),
    ),
    Part(
        key="2d",
        group="operations",
        label=N_("Cost reduction"),
        weight=14,
        metrics=("cim.cst.cost_to_serve", "cim.cst.unit_change", "cim.cst.cac"),
    ),
    Part(
        key="2e",
        group="operations",
        label=N_("Responsiveness to market and competition"),
        weight=5,
        metrics=("cim.rsp.lead_minutes", "cim.rsp.signal_days", "cim.rsp.competitor_loss"),
    ),
    Part(
        key="2f",
        group="operations",
        label=N_("Collaboration"),
        weight=3,
        metrics=("cim.col.cross_dept", "cim.col.handoff"),
    ),
    Part(
        key="2g",
        group="operations",
        label=N_("Communication"),
        weight=2,
        metrics=("cim.com.plan_coverage", "cim.com.unanswered"),
    ),
    Part(
        key="2h",
        group="operations",
        label=N_("Employee motivation"),
        weight=1,
        metrics=("cim.mot.enps", "cim.mot.active_use"),
    ),
    Part(key="3a", group="relation", label=N_("Customer satisfaction"), weight=35, metrics=("cim.sat.csat",)),
    Part(key="3b", group="relation", label=N_("Customer loyalty"), weight=16, metrics=("cim.loy.repeat",)),
    Part(key="3c", group="relation", label=N_("Customer acquisition"), weight=3, metrics=("cim.acq.new", "cim.acq.conv")),
    Part(key="4a", group="performance", label=N_("Sales growth"), weight=13, metrics=("cim.prf.sales_growth",)),
    Part(key="4b", group="performance", label=N_("Profit growth"), weight=1, metrics=("cim.prf.profit_growth",)),
)
PROCESS = ("information", "operations")


def _towards_results() -> dict[str, float]:
    """The weights again, in proportion, so that relation and performance have RESULTS of them together."""
    results = sum(one.weight for one in CRITERIA if one.group not in PROCESS)
    rest = sum(one.weight for one in CRITERIA if one.group in PROCESS)
    return {one.key: one.weight * ((1 - RESULTS) / rest if one.group in PROCESS else RESULTS / results) for one in CRITERIA}


SCORECARD = Scorecard(
    key="cim",
    label=N_("Customer interface"),
    answers=N_("How well you know your customers, work with them and sell to them."),
    metric="cim.index",
    parts=CRITERIA,
    groups=GROUPS,
    process=PROCESS,
    profiles=(
        Profile(
            key="sap",
            label=N_("As SAP users told it"),
            weights={one.key: one.weight for one in CRITERIA},
            note=N_(
                "Weights count what a hundred stories of SAP users boast of. That is what vendors praise, not what it is worth."
            ),
        ),
        Profile(
            key="equal",
            label=N_("All alike"),
            weights={one.key: 1.0 for one in CRITERIA},
            note=N_("Each of the sixteen criteria counts the same."),
        ),
        Profile(
            key="outcome",
            label=N_("Results first"),
            weights=_towards_results(),
            note=N_("Customer relation and company performance have 60% of the weight."),
        ),
    ),
)


def cim_index(scores: Mapping[str, float | None], profile: str = "sap") -> Weighted:
    """The index from scores by metric key, in one of the profiles `sap`, `equal`, `outcome`."""
    return SCORECARD.index(scores, profile)


METRICS = (
    Metric(
        key="cim.index",
        name=N_("Index of the customer interface"),
        unit="score",
        better="up",
        kind="mixed",
        words=N_(
            "Scores from 0 to 100 against the criteria you signed: the mean over sixteen criteria by the weights of SAP users' "
            "stories, each criterion the mean of its metrics. Provisional below 60% of the weight. Behind it: the same with "
            "other weights."
        ),
        code="Σ w·score / Σ w",
        needs=(),
        above=lambda seen: index_reading(SCORECARD, seen),
    ),
)
