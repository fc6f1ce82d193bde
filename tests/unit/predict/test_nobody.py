"""A question asked of nobody has no rows, and no error."""

from __future__ import annotations

import numpy as np

from kith_platform.predict.evidence import PurchaseDays


def test_purchases_of_nobody_are_none() -> None:
    days = PurchaseDays(np.array([1, 2]), np.array([10, 11]), np.array([5.0, 6.0]))
    bought, money = days.totals(np.zeros(0, dtype=np.int64))
    assert (bought.size, money.size) == (0, 0)
