"""The graph of a refresh: order, circles, names."""

from __future__ import annotations

import pytest

from kith_platform.refresh.graph import SNAPSHOT, STEPS, Graph, RefusedStep, Turn, load_all, step


def work(_turn: Turn) -> None:
    return None


def other_work(_turn: Turn) -> None:
    return None


def test_steps_come_after_their_inputs_in_whatever_order_they_are_declared() -> None:
    graph = Graph()
    step("metrics", inputs=("scores", SNAPSHOT), label="Metrics", graph=graph)(work)
    step("scores", inputs=("placements",), label="Scores", graph=graph)(work)
    step("placements", inputs=(SNAPSHOT,), label="Placements", graph=graph)(work)
    assert [found.name for found in graph.order()] == ["placements", "scores", "metrics"]


def test_a_circle_is_refused_when_it_is_declared_and_named() -> None:
    graph = Graph()
    step("metrics", inputs=("scores",), label="Metrics", graph=graph)(work)
    with pytest.raises(
        RefusedStep, match=r"'scores' would wait for itself: (scores → metrics → scores|metrics → scores → metrics)"
    ):
        step("scores", inputs=("metrics",), label="Scores", graph=graph)(work)
    step("scores", inputs=(SNAPSHOT,), label="Scores", graph=graph)(work)
    assert [found.name for found in graph.order()] == ["scores", "metrics"]


def test_an_input_nobody_provides_is_named() -> None:
    graph = Graph()
    step("metrics", inputs=("scores",), label="Metrics", graph=graph)(work)
    with pytest.raises(RefusedStep, match="'metrics' waits for 'scores', which no part"):
        graph.order()


@pytest.mark.parametrize("name", [SNAPSHOT, "metrics"])
def test_a_name_belongs_to_one_step(name: str) -> None:
    graph = Graph()
    step("metrics", inputs=(), label="Metrics", graph=graph)(work)
    with pytest.raises(RefusedStep, match="choose another name"):
        step(name, inputs=(), label="Other", graph=graph)(other_work)


def test_the_steps_of_this_installation_have_an_order() -> None:
    load_all()
    STEPS.order()
