"""What a card says, from a forecast and how a product is ordered."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from kith_platform.forecasts import advice
from kith_platform.forecasts.models import DemandForecast
from kith_platform.forecasts.ordering import Ordering

TODAY = dt.date(2026, 1, 5)  # a Monday
SEASON = [0.8, 0.8, 1, 1, 1, 1.3, 1.4, 1, 1, 0.9, 0.9, 0.9]


def series(demand: list[float], **given: Any) -> DemandForecast:
    """By week, foreseen without any spread, judged on twelve former days that missed by 2 in turns."""
    values: dict[str, Any] = {
        "scope": "product:1", "code": "AX", "grain": "week", "ends_on": TODAY, "history": demand, "reason": "better", "wape": 0.1,
        "points": [[one, one, one] for one in demand], "errors": [[2.0, -2.0] * 3] * 12, "season": SEASON,
        "season_years": 3, "unit_cost": 5.0,
    }  # fmt: skip
    return DemandForecast(**(values | given))


def how(**given: Any) -> Ordering:
    return Ordering(**({"lead_days": 14.0, "lead_deviation": 0.0, "review_days": 7.0, "service": 0.95} | given))


def test_a_card_says_how_much_by_when_for_what() -> None:
    card = advice.card(series([10.0] * 52), how(on_hand=25.0, counted_on=TODAY, order_cost=8.0), TODAY, 5.0)
    assert card is not None
    assert card.demand == pytest.approx(30), "three weeks until what is ordered at the next look has come"
    assert (card.measured, card.safety) == (True, pytest.approx(2)), "errors of three weeks together are 2 or −2"
    assert card.level == pytest.approx(32)
    assert (card.quantity, card.cost) == (7, 7 * 5 + 8)
    assert card.order_by == TODAY
    assert card.less == 1, "a fifth less of 30 and the same safety stock, less what is there"
    assert card.confidence == "high"


def test_what_is_on_hand_puts_the_order_off_and_is_used_up_meanwhile() -> None:
    row, much = series([10.0] * 52), how(on_hand=72.0, counted_on=TODAY)
    card = advice.card(row, much, TODAY, None)
    assert card is not None
    assert card.quantity == 0
    assert card.order_by == TODAY + dt.timedelta(days=29), "the first day on which less than 32 are left"
    assert card.cost is None
    later = advice.card(row, much, TODAY + dt.timedelta(days=28), None)
    assert later is not None
    assert later.order_by == TODAY + dt.timedelta(days=29)
    uncounted = advice.card(row, how(), TODAY, None)
    assert uncounted is not None
    assert (uncounted.counted, uncounted.quantity) == (False, 32)


def test_a_long_lead_time_falls_back_to_the_formula() -> None:
    card = advice.card(series([10.0] * 52), how(lead_days=63.0, review_days=0.0, lead_deviation=7.0), TODAY, None)
    assert card is not None
    assert not card.measured
    assert card.safety == pytest.approx(1.645 * (9 * 4 + 10**2) ** 0.5, rel=1e-3)


def test_building_begins_as_early_as_capacity_demands_and_says_what_is_short() -> None:
    row = series([80.0, 90, 130, 150, 90])
    built = advice.building(row, how(capacity=100.0), None)
    assert built is not None
    assert (built.now, built.highest, built.short) == (50, 80, 0)
    assert built.before == TODAY + dt.timedelta(weeks=2)
    assert built.begin == TODAY
    assert advice.building(row, how(capacity=1000.0), None) is None
    poor = advice.building(row, how(capacity=100.0, most_money=150.0), 5.0)
    assert poor is not None
    assert poor.highest == 30
    assert poor.short > 0


def test_the_next_season_tells_by_when_to_be_ready() -> None:
    row = series([10.0] * 52)
    peak = advice.peak(row, how(), TODAY)
    assert peak is not None
    assert (peak.begins, peak.last, peak.height) == (dt.date(2026, 6, 1), dt.date(2026, 7, 31), 1.4)
    assert (peak.prepare_by, peak.late) == (dt.date(2026, 5, 18), False)
    soon = advice.peak(row, how(), dt.date(2026, 5, 25))
    assert soon is not None
    assert soon.late
    assert advice.peak(series([10.0] * 52, season=[1.0] * 12), how(), TODAY) is None
    assert advice.peak(series([0.0] * 52), how(), TODAY) is None, "nobody prepares for what nobody asks for"
    assert advice.months_of(SEASON) == [6, 7]
    assert advice.months_of(SEASON, low=True) == [1, 2]


def test_little_evidence_is_little_confidence() -> None:
    assert advice.confidence(series([1.0], wape=0.3)) == "medium"
    assert advice.confidence(series([1.0], reason="few_origins")) == "medium"
    assert advice.confidence(series([1.0], reason="not_judged")) == "low"
    assert advice.card(series([], points=[]), how(), TODAY, None) is None
