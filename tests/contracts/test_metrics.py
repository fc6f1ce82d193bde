"""The catalogue of metrics: every key of it, as it is written, documented and tested."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kith_platform.metrics.described import MODULES, page
from kith_platform.plugins import Plugins
from kith_platform.sdk.metrics import Measure, Metric

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = ROOT.parent / "shared" / "domain.md"
KINDS = {"p": "process", "o": "outcome", "mix": "mixed"}
GRAINS = {
    "T": "tenant",
    "C": "customer",
    "S": "segment",
    "R": "rep",
    "H": "channel",
    "P": "product",
    "I": "initiative",
    "unit": "unit",
    "supplier": "supplier",
    "partner": "partner",
}
# Grains of the registry that are not there: margins are ranked for the company alone. (Sources stand behind the value.)
BEHIND = {("cem.pareto", "segment"), ("cem.pareto", "product")}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(strict=True)


@pytest.fixture(scope="module")
def metrics(plugins: Plugins) -> dict[str, Metric]:
    return {metric.key: metric for _plugin, metric in plugins.brought("metrics", list(MODULES))}


def registry() -> Iterator[list[str]]:
    """key, unit, type, grains, inputs, edge codes."""
    if not REGISTRY.is_file():
        pytest.skip("the catalogue is not beside this checkout (../shared/domain.md)")
    text = REGISTRY.read_text("utf-8")
    block = text[text.index("key|unit|type|grain|inputs|edge") :]
    for line in block[: block.index("```")].strip().splitlines()[1:]:
        yield line.split("|")


def test_all_110_keys_are_there_and_no_other(metrics: dict[str, Metric]) -> None:
    keys = [row[0] for row in registry()]
    assert len(keys) == 110
    assert sorted(keys) == sorted(metrics)


def test_each_is_of_the_type_and_grains_that_the_catalogue_says(metrics: dict[str, Metric]) -> None:
    for key, _unit, kind, grains, *_rest in registry():
        assert metrics[key].kind == KINDS[kind], key
        wanted = {GRAINS[one.strip()] for one in grains.split(",") if one.strip() != "source"}
        assert {grain for grain in wanted if (key, grain) not in BEHIND} <= set(metrics[key].grains), key


def test_the_page_of_metrics_says_what_is_declared(plugins: Plugins) -> None:
    told = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    assert told == page(plugins, ROOT / "tests"), "run: python -m kith_platform.metrics.described > docs/metrics.md"


def test_every_metric_has_a_test_that_reads_its_value(plugins: Plugins) -> None:
    assert "- Tests: \n" not in page(plugins, ROOT / "tests")


def test_measures_of_one_name_over_the_same_rows_are_one_measure(plugins: Plugins) -> None:
    """Measures are told apart by their rows and key: two of one name would be computed as one."""
    for name in plugins.loaded:
        seen: dict[tuple[str, str], Measure] = {}
        for _plugin, metric in plugins.brought("metrics", [name]):
            for measure in metric.measures:
                rows = measure.fact if isinstance(measure.fact, str) else measure.fact.key
                assert seen.setdefault((rows, measure.key), measure) is measure, f"{name}: {rows}.{measure.key}"
