"""`kith criteria` and `kith scorecard`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kith_platform.cli import root
from kith_platform.cli.criteria import criteria, scorecard
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

SOON = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=200)).isoformat()
KEY = "cim.loy.repeat"


@pytest.fixture
def kith(runtime: Runtime, stocked: TenantContext, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in this process, over the test's servers."""
    monkeypatch.setattr(root.Console, "runtime", runtime)
    monkeypatch.setattr(root.Console, "close", lambda _self: None)

    def run(command: Any, *words: str) -> Result:
        return CliRunner().invoke(command, [stocked.slug, *words], catch_exceptions=False)

    return run


def test_a_record_is_signed_listed_judged_and_withdrawn(
    kith: Callable[..., Result], client_for: Callable[..., Any], stocked: TenantContext
) -> None:
    email = client_for("analyst", tenant=stocked).email
    wanted = ["sign", KEY, "--baseline-month", "2025-06", "--due", SOON, "--owner", email]
    wrong = kith(criteria, *wanted, "--target", "1%")
    assert (wrong.exit_code, "Higher is better here" in wrong.stderr) == (1, True)
    nobody = kith(criteria, "sign", KEY, "--owner", "nobody@kith.example")
    assert (nobody.exit_code, "is no member" in nobody.stderr) == (1, True)
    done = kith(criteria, *wanted, "--target", "99%", "--json")
    assert done.exit_code == 0, done.stderr
    signed = json.loads(done.stdout)["criterion"]
    assert (signed["state"], signed["target"]) == ("signed", 0.99)
    [listed] = [one for one in json.loads(kith(criteria, "list", "--json").stdout)["criteria"] if one["state"] == "signed"]
    assert (listed["key"], listed["owner_name"]) == (KEY, "Analyst")
    cards = json.loads(kith(scorecard, "--period", "2025-11", "--json").stdout)
    [cim] = [one for one in cards["scorecards"] if one["key"] == "cim"]
    assert (cim["index"], cim["provisional"], 0 <= cim["value"] <= 100) == (None, True, True)
    assert len(cards["goals"]) == 6
    assert "cim.index: " in kith(scorecard, "--period", "2025-11").stdout
    unsaid = kith(criteria, "withdraw", KEY)
    assert (unsaid.exit_code, "reason" in unsaid.stderr) == (1, True)
    gone = kith(criteria, "withdraw", KEY, "--reason", "another plan")
    assert (gone.exit_code, "withdrawn" in gone.stdout) == (0, True)
    assert kith(criteria, "withdraw", KEY, "--reason", "again").exit_code == 1
