"""What forecasts say in words: methods, verdicts, confidence, what is missing. Marked msgids; the edge translates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kith_platform.errors import fill
from kith_platform.forecasts.models import DemandForecast
from kith_platform.i18n import N_

METHODS: Mapping[str, str] = {
    "seasonal_naive": N_("same period a year before"),
    "mean": N_("mean of the last periods"),
    "season_trend": N_("season × trend"),
    "ets": N_("exponential smoothing"),
    "boosted": N_("boosted trees over all products"),
    "tsb": N_("rare demand (TSB)"),
    "croston": N_("rare demand (Croston)"),
    "": N_("none"),
}
GRAINS: Mapping[str, str] = {"week": N_("by week"), "month": N_("by month"), "quarter": N_("by quarter")}
CONFIDENCE: Mapping[str, str] = {"high": N_("High"), "medium": N_("Medium"), "low": N_("Low")}
POLICIES: Mapping[str, str] = {
    "high_service": N_("Brings much and sells evenly: keep it in stock, with a high service level."),
    "to_order": N_("Brings much but is asked for unevenly: make it to order, or agree on a buffer with the quote."),
    "review_range": N_("Brings little and is asked for unevenly: ask whether it still belongs to the range."),
}
REASONS: Mapping[str, str] = {
    "better": N_(
        "Over %(origins)s former days this missed %(wape)s %% of demand, the rule (%(rule)s) %(naive)s %%. Kith uses %(method)s."
    ),
    "rule": N_("Over %(origins)s former days no method missed less than the rule (%(rule)s): %(naive)s %%. Kith uses the rule."),
    "few_origins": N_(
        "Only %(origins)s former days could be judged, six are wanted: %(method)s missed %(wape)s %%, the rule (%(rule)s) "
        "%(naive)s %%. Take it as provisional."
    ),
    "not_judged": N_(
        "Sold for %(periods)s periods (%(grain)s): too few to judge any method on former days. Kith uses the %(method)s."
    ),
    "too_short": N_("Sold for %(periods)s periods (%(grain)s); at least 4 are needed for a forecast."),
    "nothing_sold": N_("In no period was more sold than came back, so that there is nothing to forecast."),
}
MISSING: Mapping[str, str] = {
    "no_lines": N_(
        "Forecasts need order lines that name their product. Import them (order, day, product, quantity); two years or more show "
        "the season."
    ),
    "not_yet": N_("Order lines are there, but nothing was forecast yet. It comes with the next refresh, or now."),
    "too_short": N_("Since %(first)s no product has sold for four whole periods. Import older sales, or wait."),
}


def verdict(row: DemandForecast, say: Callable[[str], str]) -> str:
    """The verdict of a series as a sentence, in the language of `say`."""
    params = {
        "origins": row.origins,
        "wape": _share(row.wape),
        "naive": _share(row.naive_wape),
        "rule": say(METHODS["seasonal_naive"]),
        "method": say(METHODS[row.method]),
        "periods": len(row.history),
        "grain": say(GRAINS[row.grain]),
    }
    return fill(say(REASONS[row.reason]), params)


def missing(why: str, first: str, say: Callable[[str], str]) -> str:
    """What is missing for forecasts, and what to do; empty where nothing is. `first`: the first day with a sale, written."""
    return fill(say(MISSING[why]), {"first": first}) if why else ""


def _share(one: float | None) -> str:
    return "–" if one is None else f"{100 * one:.1f}"
