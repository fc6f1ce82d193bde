"""Which plugins are used, and which are left out with a reason that helps."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from kith_platform.plugins import PluginRefused, Plugins

_numbers = itertools.count()
HEAD = """
from kith_platform.sdk import hookimpl
from kith_platform.sdk.facts import Column, Fact, Kind
from kith_platform.sdk.types import Manifest, Metric, Page, Permission, Reading, Setting
"""
MANIFEST = """
@hookimpl
def register_manifest():
    return Manifest(name={name!r}, title="T", summary="S", version="1", requires_platform={requires!r})
"""
METRIC = """
@hookimpl
def register_metrics():
    return [Metric(key="shared.key", name="N", unit="count", better="up", kind="outcome", words="W", needs=(),
                   formula=lambda values: Reading(value=1.0))]
"""
Plant = Callable[..., EntryPoint]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    monkeypatch.syspath_prepend(str(tmp_path))

    def planted(name: str, body: str = "", *, called: str = "", requires: str = ">=0.1,<1", manifest: bool = True) -> EntryPoint:
        package = f"unit_plugin_{next(_numbers)}"
        (tmp_path / package).mkdir()
        head = HEAD + (MANIFEST.format(name=called or name, requires=requires) if manifest else "")
        (tmp_path / package / "__init__.py").write_text(head + body)
        return EntryPoint(name, package, "kith.plugins")

    return planted


BROKEN = {
    "raises at import": ("raise RuntimeError('tuna')", "tuna"),
    "exits at import": ("import sys; sys.exit('gone fishing')", "gone fishing"),
    "misspells a hook": ("@hookimpl\ndef register_metrix(): return []", "register_metrix"),
    "asks for an argument no hook has": ("@hookimpl\ndef register_metrics(colour): return []", "colour"),
    "raises in a hook": ("@hookimpl\ndef register_metrics(): raise RuntimeError('salmon')", "salmon"),
    "answers garbage": ("@hookimpl\ndef register_metrics(): return 42", "must return a sequence of Metric"),
    "answers the wrong things": ("@hookimpl\ndef register_metrics(): return ['sales']", "must return a sequence of Metric"),
    "has a setting twice": (
        "@hookimpl\ndef register_settings(): return [Setting(key='a', label='A', kind='text')] * 2",
        "brings twice: settings 'a'",
    ),
    "has no such template": (
        "@hookimpl\ndef register_pages():"
        " return [Page(path='a', title='A', template='a.html', view=dict, permission='home:read')]",
        "no template templates/a.html",
    ),
    "points nowhere": (
        "@hookimpl\ndef register_facts(): return [Fact(name='a', plural='as', label='A', label_plural='As', occurred=None,"
        " columns=(Column(name='b', kind=Kind.REFERENCE, to='ghost', label='B'),))]",
        "'ghost'",
    ),
    "takes a fact of core": (
        "@hookimpl\ndef register_facts():"
        " return [Fact(name='order', plural='orders', label='A', label_plural='As', occurred=None, columns=())]",
        "Kith itself has a fact with the plural 'orders'",
    ),
}


@pytest.mark.parametrize("way", sorted(BROKEN))
def test_a_broken_plugin_is_left_out_with_its_reason_and_the_others_work(way: str, plant: Plant) -> None:
    body, reason = BROKEN[way]
    plugins = Plugins([plant("broken", body), plant("fine")])
    assert plugins.names() == ["fine"]
    assert [one.name for one in plugins.left_out] == ["broken"]
    assert reason in plugins.left_out[0].reason


def test_the_manifest_must_be_there_and_fit(plant: Plant) -> None:
    points = [plant("none", manifest=False), plant("other", called="another"), plant("future", requires=">=99")]
    plugins = Plugins([*points, plant("odd", requires="about 3"), plant("fine")])
    reasons = {one.name: one.reason for one in plugins.left_out}
    assert "register_manifest" in reasons["none"]
    assert "'another'" in reasons["other"]
    assert "needs Kith >=99" in reasons["future"]
    assert "'about 3'" in reasons["odd"]
    assert plugins.names() == ["fine"]


def test_of_two_plugins_with_the_same_key_the_later_is_left_out(plant: Plant) -> None:
    plugins = Plugins([plant("zebra", METRIC), plant("ape", METRIC)])
    assert plugins.names() == ["ape"]
    assert plugins.left_out[0].reason == "the plugin ape has a metric with the key 'shared.key' already: choose another"


def test_strict_stops_the_start_and_names_the_plugin(plant: Plant) -> None:
    with pytest.raises(PluginRefused, match="broken cannot be used: tuna"):
        Plugins([plant("broken", "raise RuntimeError('tuna')")], strict=True)


def test_trace_tells_each_hook_call(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    Plugins([plant("ape", METRIC)], trace=True)
    told = capsys.readouterr().err
    assert "register_metrics() asks ape" in told
    assert "shared.key" in told
    Plugins([plant("ape", METRIC)])
    assert capsys.readouterr().err == ""


def test_a_plugin_that_failed_leaves_nothing_behind(plant: Plant) -> None:
    plugins = Plugins([plant("broken", METRIC + "\n@hookimpl\ndef register_pages(): return 7"), plant("fine", METRIC)])
    assert [metric.key for _plugin, metric in plugins.brought("metrics", ["broken", "fine"])] == ["shared.key"]
    assert plugins.brought("metrics", []) == []
    assert "broken" not in sys.modules
