"""`kith segments`: list, create of a rule file, members as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kith_platform.cli import root
from kith_platform.cli.segments import segments


@pytest.fixture
def kith(company: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command in this process, over the test's servers."""
    monkeypatch.setattr(root.Console, "runtime", company.runtime)
    monkeypatch.setattr(root.Console, "close", lambda _self: None)

    def run(*words: str) -> Any:
        return CliRunner().invoke(segments, [company.tenant.slug, *words], catch_exceptions=False)

    return run


def test_a_segment_is_made_of_a_file_listed_and_written_out(company: Any, kith: Callable[..., Any], tmp_path: Path) -> None:
    company.customers("Lin", "Mei", country="CN")
    company.customers("Max", country="DE")
    rule = tmp_path / "rule.json"
    rule.write_text(json.dumps({"all": [{"field": "country", "op": "is", "value": ["CN"]}]}))
    made = json.loads(kith("create", "Chinese", "--rule", str(rule), "--no-wait", "--json").stdout)
    assert (made["segment"]["name"], made["segment"]["state"]) == ("Chinese", "waiting")
    company.rebuild()
    listed = json.loads(kith("list", "--json").stdout)
    assert [(one["name"], one["size"]) for one in listed["segments"]] == [("Chinese", 2)]
    target = tmp_path / "members.csv"
    written = json.loads(kith("members", "Chinese", "--csv", str(target), "--json").stdout)
    assert written["size"] == 2
    with target.open(encoding="utf-8") as file:
        assert sorted(row["customer_id"] for row in csv.DictReader(file)) == ["Lin", "Mei"]


def test_a_wrong_use_says_what_is_missing(kith: Callable[..., Any], tmp_path: Path) -> None:
    assert "name" in kith("create").stderr
    assert "--rule" in kith("create", "Chinese").stderr
    broken = tmp_path / "rule.json"
    broken.write_text("{")
    answer = kith("create", "Chinese", "--rule", str(broken))
    assert (answer.exit_code, "is not JSON" in answer.stderr) == (1, True)
