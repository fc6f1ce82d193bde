"""`kith attributes`: what there is, what there is to keep, keeping and removing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from kith_platform.cli import root
from kith_platform.cli.attributes import attributes

FILE = "customer_id,email,Seats,Tier\n1,a@x.org,12,Gold\n2,b@x.org,many,Tin\n3,c@x.org,7,\n"


@pytest.fixture
def kith(company: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command in this process, over the test's servers."""
    monkeypatch.setattr(root.Console, "runtime", company.runtime)
    monkeypatch.setattr(root.Console, "close", lambda _self: None)

    def run(*words: str) -> Any:
        return CliRunner().invoke(attributes, [company.tenant.slug, *words], catch_exceptions=False)

    return run


def test_a_column_is_kept_listed_and_removed(company: Any, kith: Callable[..., Any]) -> None:
    company.load(FILE)
    offered = json.loads(kith("columns", "--json").stdout)["columns"]
    assert [(one["source"], one["column"], one["kind"]) for one in offered] == [
        ("shop", "Seats", "text"),
        ("shop", "Tier", "text"),
    ]
    made = json.loads(
        kith("keep", "Seats", "--source", "shop", "--kind", "number", "--timing", "fixed", "--no-wait", "--json").stdout
    )["attribute"]
    assert (made["key"], made["kind"], made["timing"]) == ("seats", "number", "fixed")
    company.work()
    listed = json.loads(kith("list", "--json").stdout)["attributes"]
    assert [(one["key"], one["filled"], one["misfits"]) for one in listed] == [("seats", 2, 1)]
    assert json.loads(kith("remove", "seats", "--json").stdout) == {"removed": "seats"}
    assert "There are no attributes yet." in kith().output


def test_a_column_that_is_not_there_is_named_with_those_that_are(company: Any, kith: Callable[..., Any]) -> None:
    company.load(FILE)
    answer = kith("keep", "Shoe size", "--source", "shop")
    assert answer.exit_code == 1
    assert "There are: shop: Seats, shop: Tier." in answer.output
