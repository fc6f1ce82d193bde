"""The six goals of customer work (domain A2, S63): what leads each, which model helps, which campaign comes first."""

from __future__ import annotations

from dataclasses import dataclass

from kith_platform.i18n import N_


@dataclass(frozen=True)
class Goal:
    """`metrics` lead first. `task` is the model's task where Kith trains one; `model` says it in words. `stays` names a code of a
    placement whose customers are to stay in it.
    """

    key: str
    label: str
    metrics: tuple[str, ...]
    model: str
    campaign: str
    task: str = ""
    stays: tuple[str, str] | None = None


GOALS = (
    Goal(
        "cross_sell",
        N_("Cross-sell"),
        ("cem.products_per_cust",),
        N_("Next product for each customer"),
        N_("In several steps, after a signal of use"),
    ),
    Goal(
        "up_sell",
        N_("Up-sell"),
        ("cem.upgrade_rate",),
        N_("Who is ready for the higher offer"),
        N_("In a single step, when capacity or income signals it"),
    ),
    Goal(
        "retention",
        N_("Retention"),
        ("ret.rate", "cem.mvc_stay"),
        N_("Chance of leaving"),
        N_("Recurring, and at events"),
        "churn",
        ("group", "E"),
    ),
    Goal(
        "acquisition",
        N_("Acquiring customers"),
        ("cim.acq.new", "cim.cst.cac"),
        N_("Leads that are like your best customers"),
        N_("To prospects"),
    ),
    Goal(
        "regeneration",
        N_("Regeneration"),
        ("cem.winback_rate",),
        N_("Who can be won back"),
        N_("In several steps, three contacts at most"),
    ),
    Goal(
        "experience",
        N_("Experience"),
        ("cem.nps", "cem.ces", "cem.recovery_rate"),
        N_("Reasons of those who may leave"),
        N_("At events: a complaint, a first purchase"),
        "churn",
    ),
)
