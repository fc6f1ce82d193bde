"""`kith quality`: one document, or the same in words."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from click.testing import CliRunner

from kith_platform.cli.quality import quality
from kith_platform.servers.programs import environment


def test_the_command_says_what_the_page_says(company: Any) -> None:
    def go(*words: str) -> Any:
        return CliRunner().invoke(quality, [company.tenant.slug, *words], env=environment(company.runtime.settings))

    assert "Not measured yet" in go().stdout
    assert json.loads(go("--json").stdout)["as_of"] is None
    today = dt.datetime.now(dt.UTC).date()  # who came after the last order is a customer all the same
    two = [
        {"name": "Ada Okafor", "email": "ada@kith.example", "since": today},
        {"name": "Bo Lind", "email": "bo@", "since": None},
    ]
    _ids, records = company.people("shop", two)
    company.fact("sales_order", records[0], dt.date(2026, 6, 30), net=10)
    company.refresh()
    found = json.loads(go("--json").stdout)
    assert (found["as_of"], found["records"], found["customers"]) == ("2026-06-30", 2, 2)
    assert found["required"] == ["name", "email", "phone", "country"]
    assert {one["code"]: one["count"] for one in found["issues"]} == {
        "invalid_email": 1,
        "missing_phone": 2,
        "missing_country": 2,
        "no_order": 1,
    }
    assert found["lifts"] == []
    words = go().stdout
    assert "completeness: 50.0%" in words
    assert "medium: Phone is missing (2 customers)" in words
