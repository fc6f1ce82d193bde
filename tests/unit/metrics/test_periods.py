"""Months, what of them the data cover, and what they are compared with."""

from __future__ import annotations

import datetime as dt

import pytest

from kith_platform.errors import Invalid
from kith_platform.metrics.periods import before, covered, month, months, of_text
from kith_platform.sdk.types import Period

D = dt.date
OCTOBER = Period(D(2025, 10, 1), D(2025, 11, 1))


def test_fourteen_months_end_with_the_newest() -> None:
    found = months(D(2026, 1, 15))
    assert (len(found), found[0].start, found[-1].start) == (14, D(2024, 12, 1), D(2026, 1, 1))


def test_a_month_is_partial_while_the_data_end_inside_it() -> None:
    assert covered(OCTOBER, D(2025, 10, 17), D(2025, 10, 18)) == Period(D(2025, 10, 1), D(2025, 10, 18), partial=True)
    assert covered(OCTOBER, D(2025, 10, 31), D(2025, 11, 1)) == OCTOBER
    assert covered(OCTOBER, D(2025, 9, 30), D(2025, 10, 1)) is None


def test_a_month_that_is_over_is_whole_although_its_last_days_were_quiet() -> None:
    assert covered(OCTOBER, D(2025, 10, 28), D(2025, 11, 5)) == OCTOBER
    assert covered(OCTOBER, D(2025, 10, 28), D(2025, 10, 30)) == Period(D(2025, 10, 1), D(2025, 10, 29), partial=True)


def test_a_whole_month_is_compared_with_whole_months_and_part_of_one_with_the_same_days() -> None:
    assert before(OCTOBER, months_back=1) == Period(D(2025, 9, 1), D(2025, 10, 1))
    assert before(month(D(2024, 2, 1)), months_back=12) == Period(D(2023, 2, 1), D(2023, 3, 1))
    assert before(Period(D(2025, 10, 1), D(2025, 10, 18)), months_back=12) == Period(D(2024, 10, 1), D(2024, 10, 18))
    assert before(Period(D(2025, 3, 1), D(2025, 3, 31)), months_back=1) == Period(D(2025, 2, 1), D(2025, 3, 1))


@pytest.mark.parametrize("text", ["2026-13", "october", "2026-10-05..2026-10-01", ""])
def test_what_is_no_period_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Invalid, match="no period"):
        of_text(text)


def test_days_are_counted_in() -> None:
    assert of_text("2025-10") == OCTOBER
    assert of_text("2025-10-01..2025-10-15") == Period(D(2025, 10, 1), D(2025, 10, 16))
