"""Cutoffs of training, validation and test never share a judged day."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith_platform.predict.calendar import LEAST_HISTORY_DAYS, HistoryTooShort, plan

END = dt.date(2026, 11, 21)


@given(st.integers(100, 3000), st.integers(30, 400))
def test_windows_are_disjoint_and_over_before_the_next_look(days: int, horizon: int) -> None:
    first = END - dt.timedelta(days=days)
    try:
        found = plan(first, END, horizon)
    except HistoryTooShort as short:
        assert short.has < short.needs
        return
    assert found.window(found.test)[1] <= END
    assert found.window(found.validation)[1] <= found.test
    assert all(found.window(cutoff)[1] <= found.validation for cutoff in found.training)
    assert found.training[0] >= first + dt.timedelta(days=LEAST_HISTORY_DAYS)
    assert all(before < after for before, after in pairwise(found.training))


def test_the_shortfall_is_exact() -> None:
    with pytest.raises(HistoryTooShort) as caught:
        plan(END - dt.timedelta(days=273), END, 90)
    needs = caught.value.needs
    assert caught.value.has == 273
    assert len(plan(END - dt.timedelta(days=needs), END, 90).training) == 1
    with pytest.raises(HistoryTooShort):
        plan(END - dt.timedelta(days=needs - 1), END, 90)
