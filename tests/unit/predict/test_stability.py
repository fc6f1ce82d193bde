"""The population stability index: the printed vector, its grades, and what chance alone does."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kith_platform.predict.fits.stability import Grade, Move, Spread, by_chance, compare, grade, move, psi


def test_psi_matches_the_printed_vector() -> None:
    found = psi([0.25] * 4, [0.4, 0.3, 0.2, 0.1])
    assert found == pytest.approx(0.2282, abs=1e-4)
    assert grade(found) is Grade.WATCH


def test_grades_change_at_a_tenth_and_a_quarter() -> None:
    assert [grade(value) for value in (0.0999, 0.1, 0.25, 0.2501)] == [Grade.OK, Grade.WATCH, Grade.WATCH, Grade.ALERT]
    assert grade(0.3, chance=0.35) is Grade.OK


def test_an_empty_bin_is_floored_and_unequal_bins_are_refused() -> None:
    assert 1 < psi([1, 1], [1, 0]) < 10
    for expected, actual in (([1, 1], [1, 1, 1]), ([0, 0], [1, 1])):
        with pytest.raises(ValueError, match="same bins"):
            psi(expected, actual)


def test_ten_bins_at_the_deciles_and_one_for_missing_values_survive_json() -> None:
    values = np.r_[np.arange(1000.0), np.full(250, np.nan)]
    spread = Spread.of(values)
    assert spread.shares == pytest.approx([0.08] * 10 + [0.2])
    assert Spread.from_json(json.loads(json.dumps(spread.to_json()))) == spread
    assert spread.now(values) == spread.shares


@pytest.mark.parametrize("values", [np.full(50, 3.0), np.full(50, np.nan), np.zeros(0), np.array([np.inf, 1.0])])
def test_values_that_say_nothing_move_nowhere(values: np.ndarray) -> None:
    spread = Spread.of(values)
    assert sum(spread.shares) == pytest.approx(1.0 if values.size else 0.0)
    if values.size:
        assert compare(spread, values, values.size)["psi"] == 0.0


def test_a_shift_and_values_going_missing_are_seen_and_named() -> None:
    random = np.random.default_rng(3)
    before, same = random.normal(size=5000), random.normal(size=5000)
    spread = Spread.of(before)

    def told(values: np.ndarray) -> tuple[str, str]:
        found = compare(spread, values, before.size)
        return found["grade"], found["move"]

    assert told(same)[0] == Grade.OK
    assert told(same + 1) == (Grade.ALERT, Move.HIGHER)
    assert told(same - 1) == (Grade.ALERT, Move.LOWER)
    assert told(np.where(random.random(5000) < 0.3, np.nan, same)) == (Grade.ALERT, Move.MISSING)
    assert told(same * 3) == (Grade.ALERT, Move.OTHERWISE)


def test_what_was_missing_and_is_known_now_is_named() -> None:
    assert move([0.3, 0.2, 0.5], [0.5, 0.4, 0.1]) is Move.KNOWN


def test_few_that_were_drawn_from_one_population_raise_no_alert() -> None:
    random = np.random.default_rng(5)
    grades, raw = [], []
    for _ in range(400):
        then, now = random.normal(size=60), random.normal(size=60)
        found = compare(Spread.of(then), now, then.size)
        grades.append(found["grade"])
        raw.append(found["psi"])
    assert np.mean(np.array(raw) > 0.25) > 0.3, "by the plain border every third draw would raise one"
    assert grades.count(Grade.ALERT) <= 8
    assert by_chance(100_000, 100_000, 11) < 0.001
