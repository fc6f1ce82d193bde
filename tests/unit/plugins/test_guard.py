"""The breaker around a plugin: five troubles within a minute and it rests, for one company alone; then one call tries."""

from __future__ import annotations

import pytest

from kith_platform.guard import FAILURES, REST, Guard, PluginFailed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> Guard:
    return Guard(clock)


def broken() -> None:
    raise RuntimeError("tuna")


def fail(guard: Guard, times: int, tenant: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(PluginFailed):
            guard.call("p", tenant, "page", broken)


def test_an_answer_comes_through_and_an_error_becomes_a_note(guard: Guard) -> None:
    assert guard.call("p", 1, "page", lambda a, b: a + b, 1, 2) == 3
    fail(guard, 1)
    (trouble,) = guard.recent(1)
    assert (trouble.plugin, trouble.what, trouble.problem) == ("p", "page", "RuntimeError: tuna")
    assert guard.recent(2) == []


def test_repeated_failure_rests_the_plugin_for_that_company(guard: Guard, clock: Clock) -> None:
    fail(guard, FAILURES)
    called = []
    with pytest.raises(PluginFailed, match="rests"):
        guard.call("p", 1, "page", called.append, 1)
    assert called == []
    guard.call("p", 2, "page", called.append, 2)
    guard.call("other", 1, "page", called.append, 3)
    assert called == [2, 3]


def test_failures_spread_over_time_do_not_rest_it(guard: Guard, clock: Clock) -> None:
    for _ in range(FAILURES * 2):
        fail(guard, 1)
        clock.now += 30
    assert not guard.is_open("p", 1)


def test_after_the_rest_one_call_tries_and_decides(guard: Guard, clock: Clock) -> None:
    fail(guard, FAILURES)
    clock.now += REST + 1
    fail(guard, 1)
    assert guard.is_open("p", 1), "it failed again: another rest"
    clock.now += REST + 1
    assert guard.call("p", 1, "page", lambda: "well") == "well"
    fail(guard, 1)
    assert not guard.is_open("p", 1), "it was well: one failure is only one"


def test_while_one_call_tries_others_wait(guard: Guard, clock: Clock) -> None:
    fail(guard, FAILURES)
    clock.now += REST + 1

    def asks_again() -> str:
        with pytest.raises(PluginFailed, match="rests"):
            guard.call("p", 1, "page", lambda: "too early")
        return "well"

    assert guard.call("p", 1, "page", asks_again) == "well"


def test_a_slow_answer_is_used_and_counts(guard: Guard, clock: Clock) -> None:
    def slow() -> str:
        clock.now += 3
        return "late"

    for _ in range(FAILURES):
        assert guard.call("p", 1, "page", slow, seconds=2.0) == "late"
    assert guard.is_open("p", 1)
    assert guard.recent(1)[0].problem.startswith("slow")
    assert guard.call("q", 1, "metric", slow, seconds=None) == "late"
    assert len(guard.recent(1)) == FAILURES, "work in a job may take its time"


def test_garbage_is_a_failure_the_caller_names(guard: Guard) -> None:
    error = guard.refuse("p", 1, "metric", "42 instead of a Reading")
    assert "42 instead of a Reading" in str(error)
    assert guard.recent()[0].what == "metric"
