"""Purchase days become the statistics that the CLV fit takes."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from kith_platform.predict.evidence import PurchaseDays, Repeats, day_number

DAY = dt.date(2026, 1, 1)


def days(*rows: tuple[int, int, float]) -> PurchaseDays:
    """(customer, days after DAY, net)."""
    return PurchaseDays.of(
        pa.table(
            {
                "customer_id": [row[0] for row in rows],
                "day": pa.array([DAY + dt.timedelta(days=row[1]) for row in rows], pa.date32()),
                "net": pa.array([round(row[2] * 10_000) for row in rows], pa.int64()),
            }
        )
    )


def test_repeat_days_ages_in_weeks_and_mean_value_without_the_first() -> None:
    found = Repeats.at(days((2, 0, 50.0), (1, 7, 10.0), (1, 0, 99.0), (1, 21, 30.0)), day_number(DAY) + 36)
    assert found.customer.tolist() == [1, 2]
    assert found.x.tolist() == [2.0, 0.0]
    assert found.t_x.tolist() == [3.0, 0.0]
    assert found.T.tolist() == [5.0, 5.0], "the last day counted in is the day before the cutoff"
    assert found.mean_net[0] == pytest.approx(20.0)
    assert np.isnan(found.mean_net[1])


def test_nothing_on_or_after_the_cutoff_is_seen() -> None:
    found = Repeats.at(days((1, 0, 1.0), (1, 10, 1.0), (2, 10, 1.0)), day_number(DAY) + 10)
    assert found.customer.tolist() == [1]
    assert found.x.tolist() == [0.0]


def test_totals_answer_for_each_customer_asked_and_nobody_else() -> None:
    bought, money = days((1, 0, 5.0), (1, 1, 7.0), (9, 0, 3.0)).totals(np.array([1, 2], dtype=np.int64))
    assert bought.tolist() == [2.0, 0.0]
    assert money.tolist() == [12.0, 0.0]
