"""The page docs/metrics.md, made of the declarations: `python -m kith_platform.metrics.described > docs/metrics.md`."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kith_platform.plugins import Plugins
from kith_platform.sdk.metrics import Metric

MODULES = ("analytics_cim", "analytics_cem", "analytics_csm")
TOP = """# Metrics

What the three analytics modules measure: customer interaction (`analytics_cim`), customer experience (`analytics_cem`) and
customers' success (`analytics_csm`). Each value carries how many cases it rests on, a 95 % interval where it is a share, flags,
and the snapshot it came from; where there is nothing to count there is no value, and the reason stands in its place.
`kith metrics`, `/api/v1/metrics` and the page of each metric show them for any day, week, month, quarter or year, and by the
grains named here.

*Inputs* are the facts without which there is no value (`a` or `b`: either will do), and the model whose scores are read. *Tests*
load facts and read the value back. This page is made of the declarations by `python -m kith_platform.metrics.described`.
"""


def page(plugins: Plugins, tests: Path) -> str:
    """The whole page, in English; metrics by module in the order of their keys. `tests` is the folder of tests."""
    proven = _proven(tests)
    return "\n".join([TOP, *("\n".join(_module(plugins, name, proven)) for name in MODULES)])


def _module(plugins: Plugins, name: str, proven: Mapping[str, Sequence[str]]) -> Iterator[str]:
    metrics = sorted((metric for _plugin, metric in plugins.brought("metrics", [name])), key=lambda metric: metric.key)
    yield f"## {plugins[name].manifest.title} (`{name}`): {len(metrics)}\n"
    for metric in metrics:
        yield from _metric(metric, proven.get(metric.key, ()))


def _metric(metric: Metric, proven: Sequence[str]) -> Iterator[str]:
    yield f"### `{metric.key}` {metric.name}\n"
    yield f"{metric.words}\n"
    if metric.code:
        yield f"- Formula: `{metric.code}`"
    better = {"up": "more is better", "down": "less is better", "band": "best within a band", "info": "for information"}
    yield f"- {metric.unit.replace('_', ' ')}, {metric.kind}, {better[metric.better]}; by {', '.join(metric.grains)}"
    inputs = [" or ".join(f"`{one}`" for one in need.split("|")) for need in metric.needs]
    inputs += [f"scores of `{model}`" for model in metric.needs_scores]
    yield f"- Inputs: {', '.join(inputs) or 'readings of other metrics and signed success criteria'}"
    yield f"- Tests: {', '.join(f'`{one}`' for one in proven)}\n"


def _proven(tests: Path) -> Mapping[str, Sequence[str]]:
    """Per key the test files that name it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(tests.rglob("test_*.py")):
        for key in re.findall(r"\b(?:crm|cim|cem|csm|ret)(?:\.[a-z0-9_]+)+", path.read_text("utf-8")):
            found[key].add(path.relative_to(tests.parent).as_posix())
    return {key: sorted(paths) for key, paths in found.items()}


if __name__ == "__main__":
    sys.stdout.write(page(Plugins(strict=True), Path("tests")))
