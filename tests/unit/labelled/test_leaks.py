"""Which columns are suspected of knowing the answer, and which honest ones are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from kith_platform.predict.fits import logistic
from kith_platform.predict.fits.evaluation import auc, value
from kith_platform.predict.guards.leaks import Column, Leak, find, strongest

Floats = NDArray[np.float64]
LINES, COLUMNS = 3_000, 8
Drawn = tuple[Floats, Floats]


def found_in(values: Floats, outcome: Floats, keep: tuple[str, ...] = ()) -> tuple[Leak, ...]:
    """Suspects among columns c0, c1, … judged by a logistic regression on the last quarter of the lines."""
    names = tuple(f"c{at}" for at in range(values.shape[1]))
    cut = 3 * outcome.size // 4

    def judge(without: frozenset[str]) -> float:
        left = [at for at, name in enumerate(names) if name not in without]
        parts = (values[:cut, left], outcome[:cut], values[cut:, left], outcome[cut:])
        model = logistic.fit(*parts, features=tuple(names[at] for at in left))
        return value(auc, outcome[cut:], model.predict(values[cut:, left])) or 0.5

    return find([Column(name, values[:, at]) for at, name in enumerate(names)], outcome, judge, keep=keep)


def happened(random: np.random.Generator, odds: Floats) -> Floats:
    return (random.random(odds.size) < 1 / (1 + np.exp(2.2 - odds))).astype(np.float64)


def alike(random: np.random.Generator) -> Drawn:
    """Eight honest columns that have nothing to do with one another."""
    values = random.normal(size=(LINES, COLUMNS))
    return values, happened(random, values.sum(axis=1) / 2)


def echoed(random: np.random.Generator) -> Drawn:
    """One state of the customer, seen by every column."""
    state = random.normal(size=LINES)
    return 0.8 * state[:, None] + 0.6 * random.normal(size=(LINES, COLUMNS)), happened(random, 1.6 * state)


def recency(random: np.random.Generator) -> Drawn:
    """A strong honest driver (AUC .8), echoed by two others as recency is by frequency; the rest says little."""
    state, values = random.normal(size=LINES), random.normal(size=(LINES, COLUMNS))
    values[:, 0] = state + 0.35 * values[:, 0]
    values[:, 1] = -0.8 * state + 0.6 * values[:, 1]
    values[:, 2] = 0.6 * state + 0.8 * values[:, 2]
    return values, happened(random, 1.6 * state + 0.3 * values[:, 3])


def noise(random: np.random.Generator) -> Drawn:
    return random.normal(size=(LINES, COLUMNS)), happened(random, np.zeros(LINES))


@pytest.mark.parametrize("honest", [alike, echoed, recency, noise])
def test_honest_columns_are_left_in_peace(honest: Callable[[np.random.Generator], Drawn]) -> None:
    """Of 100 draws 6 of `recency` gave an alarm, of the others none [measured]."""
    alarms = [seed for seed in range(8) if found_in(*honest(np.random.default_rng(seed)))]
    assert len(alarms) <= (honest is recency)


def during(random: np.random.Generator) -> Drawn:
    """Honest columns of one state, and a first one that came about with the outcome, as the length of a call does."""
    state = random.normal(size=LINES)
    values = 0.6 * state[:, None] + 0.8 * random.normal(size=(LINES, COLUMNS))
    outcome = happened(random, 1.2 * state)
    values[:, 0] = random.normal(size=LINES) + 1.3 * outcome
    return values, outcome


def test_a_column_that_came_about_with_the_outcome_is_named_and_may_be_put_back() -> None:
    for seed in range(5):
        drawn = during(np.random.default_rng(seed))
        assert [(one.column, one.reason) for one in found_in(*drawn)] == [("c0", "stands_alone")]
        assert found_in(*drawn, keep=("c0",)) == ()


def test_a_leak_that_hides_behind_its_copy_is_found_with_it() -> None:
    values, outcome = during(np.random.default_rng(1))
    values[:, 1] = 3 * values[:, 0] + 0.01 * values[:, 1]
    assert {one.column for one in found_in(values, outcome)} == {"c0", "c1"}


def test_a_single_driver_without_an_echo_is_suspected_too() -> None:
    """What the data cannot tell apart; a person puts it back."""
    random = np.random.default_rng(3)
    values = random.normal(size=(LINES, COLUMNS))
    outcome = happened(random, 1.6 * values[:, 0])
    assert [one.column for one in found_in(values, outcome)] == ["c0"]
    assert found_in(values[:, :3], outcome) == ()  # with so few others the lack of an echo says nothing


def test_what_tells_the_outcome_by_itself_is_named_with_its_reason() -> None:
    values, outcome = alike(np.random.default_rng(2))
    left = np.flatnonzero(outcome)
    given = np.full(LINES, np.nan)
    given[left[: left.size // 2]] = 1.0  # a reason for leaving: half of the leavers said one
    refund = np.zeros(LINES)
    refund[left[: left.size // 3]] = 20.0 + left[: left.size // 3]
    days = np.full(LINES, 19_000.0)
    columns = [
        Column("copy", 10 - 3 * outcome),
        Column("reason", given, categorical=True),
        Column("refund", refund),
        Column("closed", days, later=np.arange(LINES) % 50 == 0),
        Column("signed", days, later=np.zeros(LINES, dtype=bool)),
        Column("honest", values[:, 0]),
    ]
    found = {one.column: one.reason for one in find(columns, outcome, lambda _without: 0.7)}
    assert found == {
        "copy": "tells_outcome",
        "reason": "filled_decides",
        "refund": "one_value_decides",
        "closed": "after_as_of",
    }
    assert strongest(columns, outcome)[0][0] == "copy"


def test_nothing_is_told_from_a_handful_of_lines() -> None:
    outcome = np.tile([0.0, 1.0], 19)
    assert find([Column("copy", outcome)], outcome, lambda _without: 1.0) == ()
