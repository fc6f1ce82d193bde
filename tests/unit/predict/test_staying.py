"""Money while a contract lasts, checked by hand; sources and limits are named in `kith_platform.predict.fits.staying`."""

from __future__ import annotations

import numpy as np
import pytest

from kith_platform.predict.fits import staying
from kith_platform.predict.fits.clv import contract_value, monthly_rate


def test_a_value_by_hand() -> None:
    # Hazards .1, .2, .5: there after a month .9, after two .72, after three .36. At 1 % a month, 100 each:
    # 90/1.01 + 72/1.0201 + 36/1.030301 = 89.1089 + 70.5813 + 34.9412 = 194.6314.
    stays = staying.from_hazards([[0.1, 0.2, 0.5], [0.0, 0.0, 0.0]])
    assert stays[0] == pytest.approx([0.9, 0.72, 0.36])
    assert staying.value([100.0, 10.0], stays, 0.01) == pytest.approx([194.6314, 29.4099], abs=1e-4)
    assert staying.value([100.0, 10.0], stays) == pytest.approx([198.0, 30.0])


def test_a_constant_hazard_is_the_contract_value_of_gupta_and_lehmann() -> None:
    rate = monthly_rate(0.1)
    stays = staying.from_hazards(np.full((1, 12), 0.03))
    assert staying.value([20.0], stays, rate) == pytest.approx([float(contract_value(20.0, 0.97, rate, periods=12))])


def test_staying_by_age_is_kaplan_and_meiers_curve_given_the_age() -> None:
    # Ten cases: ends at 1, 2, 2, 4; open at 3, 5 … S(1) = .9, S(2) = .9·7/9 = .7, S(4) = .7·5/6 = .58333.
    times, over = [1, 2, 2, 4, 3, 5, 5, 5, 5, 5], [True] * 4 + [False] * 6
    curve = staying.Curve.of(times, over, least=5)
    assert curve.stays([0.0], [1, 2, 3, 4])[0] == pytest.approx([0.9, 0.7, 0.7, 0.58333], abs=1e-5)
    assert curve.stays([2.0], [1, 2])[0] == pytest.approx([1.0, 5 / 6]), "asked of those who have stayed two"


def test_beyond_what_was_watched_the_mean_rate_goes_on() -> None:
    times, over = [1, 2, 2, 4, 3, 5, 5, 5, 5, 5], [True] * 4 + [False] * 6
    curve = staying.Curve.of(times, over, least=5)  # five are watched until 5; 4 ends in 37 units of time
    assert curve.last == 5
    assert curve.stays([5.0], [1, 2])[0] == pytest.approx([np.exp(-4 / 37), np.exp(-8 / 37)])
    few = staying.Curve.of(times, over, least=30)
    assert few.stays([0.0, 9.0], [3])[:, 0] == pytest.approx([np.exp(-12 / 37)] * 2), "too few for a curve: the rate alone"


def test_nobody_and_who_never_ends() -> None:
    assert staying.Curve.of([], []).stays([1.0], [12])[0, 0] == 1.0
    assert staying.Curve.of([3.0] * 40, [False] * 40).stays([1.0], [12])[0, 0] == 1.0


def test_who_gave_notice_pays_what_is_paid() -> None:
    assert staying.until([0.0, 2.5], 4).tolist() == [[0, 0, 0, 0], [1, 1, 0.5, 0]]
