"""The index of the customer interface and the worth of staying, as their formulas give them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames.portable import spark_sql
from kith_platform.sdk.types import Above, Period, Reading, Signed
from kith_platform.snapshots.shape import fact_shape
from kith_plugins.analytics_cim import analysis, capture, index, staying_worth, together

MARCH = Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1))
INDEX = index.METRICS[0].above


def above(signed: dict[str, tuple[float, float, float | None]]) -> Above:
    """Metrics as (baseline, target, value)."""
    return Above(
        period=MARCH,
        readings={
            key: Reading(value=value, reason="" if value is not None else "immature") for key, (_b, _t, value) in signed.items()
        },
        signed={key: Signed(baseline=baseline, target=target) for key, (baseline, target, _v) in signed.items()},
        settings={},
    )


def test_scores_of_80_70_and_80_make_an_index_that_is_provisional() -> None:
    """2b 80 (weight 25), 2d 70 (14), 3a 80 (35) of 217: 78.1081 of 74/217."""
    assert INDEX is not None
    found = INDEX(above({"cim.sal.win_rate": (0.25, 0.30, 0.28), "cim.cst.cac": (20, 15, 18), "cim.sat.csat": (0.5, 1.0, 0.8)}))
    assert found.value == pytest.approx(78.1081, abs=5e-5)
    assert found.coverage == pytest.approx(0.3410, abs=5e-5)
    assert found.flags == ("provisional",)
    assert len(found.rows) == 3


def test_an_index_without_agreed_criteria_is_no_data() -> None:
    assert INDEX is not None
    for seen in (above({}), above({"cim.sat.csat": (0.5, 1.0, None)})):
        assert (INDEX(seen).value, INDEX(seen).reason) == (None, "no_criteria")


def worth(**given: Any) -> Reading:
    usual = {
        "was": 40,
        "stayed": 32,
        "now": 32,
        "margin": 32e6,
        "amounts": 32,
        "covered": 32,
        "rate": 3.2,
        "costed": 32,
        "one": 32,
    }
    return staying_worth.worth({**usual, **given})


def test_one_point_more_is_worth_12_64_of_a_margin_of_100() -> None:
    found = worth()
    assert found.value == pytest.approx(32 * (279.3103 - 266.6667), abs=0.01)
    assert found.flags == ()


def test_nobody_can_stay_more_often_than_always() -> None:
    assert worth(stayed=40).value == 0
    assert worth(stayed=40, rate=0.0).reason == "no_base"


def fact(plural: str) -> ir.Table:
    """A fact's table as frames have it, of some customer."""
    rows = ibis.table(ibis.Schema.from_pyarrow(fact_shape(FactCatalogue().by_plural(plural), "UTC").schema), name=plural)
    return rows if "customer_id" in rows.columns else rows.mutate(customer_id=ibis.literal(1))


def test_the_expressions_run_on_spark() -> None:
    for expression in (
        analysis.newest(fact("forecasts")),
        capture.reachable(fact("customers"), fact("events")),
        together.answered(fact("activities")),
    ):
        assert "SELECT" in spark_sql(expression)
