"""What the page of a model tells a manager, and that programs read the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kith_platform.customers.models import Attribute, Customer
from kith_platform.predict.guards import fairness
from kith_platform.predict.models import BASELINE, CHAMPION, RETIRED, ModelVersion, Score
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

Clients = Callable[..., Any]
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
PERIODS = {
    "horizon_days": 90,
    "gap_days": 7,
    "training_cutoffs": ["2025-06-01", "2025-07-01"],
    "validation_cutoff": "2025-11-01",
    "test_cutoff": "2026-02-06",
}
FIGURES = {
    "customers": 900, "positives": 120, "training_customers": 2000, "training_positives": 162, "training_negatives": 1950,
    "auc": 0.8, "pr_auc": 0.4, "rule_pr_auc": 0.2,
}  # fmt: skip


def version(number: int, **given: Any) -> ModelVersion:
    told = {
        "task": "churn", "version": number, "state": CHAMPION, "tier": "logistic", "verdict": "better_than_baseline",
        "verdict_params": {"difference": 0.2, "low": 0.1, "high": 0.3}, "as_of": NOW.date(), "watermark": NOW, "snapshot": "0",
        "seed": 1, "parameters": PERIODS, "metrics": FIGURES,
    }  # fmt: skip
    return ModelVersion(**{**told, **given})


@pytest.fixture
def keep(runtime: Runtime, tenant: TenantContext) -> Callable[..., None]:
    def add(*rows: Any) -> None:
        with runtime.doors.tenant_scope(tenant.id) as session:
            session.add_all(rows)

    return add


def told(client: Any, task: str = "churn") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/models/{task}/card", headers={"X-Kith-Tenant": client.slug}).get_json()
    return found


def test_page_and_programs_tell_the_same_card_with_the_exact_shortfall(client_for: Clients, keep: Callable[..., None]) -> None:
    keep(version(1), Attribute(key="faith", label="Faith", kind="choice", sensitive=True, in_models=False, choices=["a", "b"]))
    client = client_for("viewer")
    page, card = client.get(f"/c/{client.slug}/models/churn").text, told(client)
    words = [one for line in card["lines"] for one in line["sentences"]]
    assert len(words) > 10
    assert all(one.replace("'", "&#39;") in page for one in words)
    assert "Boosted trees need 200 customers with yes: 162 are there, 38 more are needed." in words
    assert "2,000 customers, 162 of them with yes" in words
    assert (card["tier"], card["next_tier"], card["missing"]) == ("logistic", "xgboost", 38)
    assert card["learnt"] == {"first": "2025-06-01", "last": "2025-10-05", "count": 2000, "yes": 162}
    assert card["judged"] == {"first": "2026-02-13", "last": "2026-05-13", "count": 900, "yes": 120}
    assert card["left_out"] == ["Faith"]
    client.set_cookie("kith_language", "zh_Hans")
    assert "提升树需要 200 位答案为“是”的客户：现有 162 位，还差 38 位。" in client.get(f"/c/{client.slug}/models/churn").text


@pytest.mark.parametrize(
    ("given", "tier", "missing"),
    [
        ({"tier": "xgboost", "metrics": {**FIGURES, "training_positives": 200}}, "xgboost", 0),
        ({"tier": "rates", "metrics": {**FIGURES, "training_negatives": 12}}, "rates", 38),
        ({"state": BASELINE, "verdict": "no_better_than_baseline"}, "rule", 38),
        ({"tier": "", "state": "not_trained", "verdict": "one_class", "metrics": {}, "parameters": {}}, "none", 0),
    ],
)
def test_the_card_says_what_serves_and_what_the_next_tier_needs(
    client_for: Clients, keep: Callable[..., None], given: dict[str, Any], tier: str, missing: int
) -> None:
    keep(version(1, **given))
    card = told(client_for("viewer"))
    assert (card["tier"], card["missing"]) == (tier, missing)
    said = {line["key"]: line["sentences"] for line in card["lines"]}["tier"]
    assert ("customers with no" in said[-1]) == (tier == "rates")


def test_a_model_that_was_never_trained_says_what_it_would_answer_and_may_not(client_for: Clients) -> None:
    client = client_for("viewer")
    lines = {line["key"]: line["sentences"] for line in told(client, "winback")["lines"]}
    assert lines["counts"] == ["A purchase, or a subscription that runs again."]
    assert "Prices or contract terms of a single customer." in lines["not_for"]
    assert "Prices or contract terms" in client.get(f"/c/{client.slug}/models/winback").text
    assert client.get("/api/v1/models/nonsense/card", headers={"X-Kith-Tenant": client.slug}).status_code == 404


def gains(*expected: float) -> dict[str, Any]:
    """Ten customers in two steps of five: came two and none more."""
    return {"gains": {"model": [{"n": 5.0 * i, "came": 2.0, "expected": total} for i, total in enumerate(expected, 1)]}}


def test_profit_is_chance_times_saved_times_value_less_the_cost_of_each_contact(
    client_for: Clients, keep: Callable[..., None]
) -> None:
    """Best: the first five, 3 · .5 · 100 − 5 · 10 = 100 expected, 2 · .5 · 100 − 50 = 50 came; all ten lose. With room for two:
    two fifths of both."""
    keep(version(1, report=gains(3.0, 3.5)))
    client = client_for("viewer")
    address = f"/c/{client.slug}/models/churn"
    page = client.get(f"{address}?value=100&cost=10&saved=50&capacity=2").text
    assert "Best: contact 5 of 10. Expected $100; it would have been $50." in page
    assert "With room for 2: expected $40; it would have been $20." in page
    assert "no contact earns what it costs" in client.get(f"{address}?value=100&cost=90&saved=50").text
    assert "Nothing is known yet of what a customer is worth" in client.get(address).text
    wrong = client.get(f"{address}?value=100&cost=-1&saved=many").text
    assert "Give a number from 0 to 100." in wrong
    assert 'value="many"' in wrong


def test_without_a_word_the_value_is_the_mean_lifetime_value_and_old_versions_have_no_chart(
    client_for: Clients, keep: Callable[..., None]
) -> None:
    scores = [
        Score(task="clv", customer_id=i, value=i * 100.0, band=1, tier="bgnbd", as_of=NOW.date(), version=1) for i in (1, 3)
    ]
    keep(version(1, report=gains(3.0, 3.5)), version(1, task="involuntary"), *scores)
    client = client_for("viewer")
    page = client.get(f"/c/{client.slug}/models/churn").text
    assert 'name="value" type="text" value="200"' in page
    assert "chart-profit" in page
    assert "chart-gains" in page
    old = client.get(f"/c/{client.slug}/models/involuntary").text
    assert "chart-profit" not in old
    assert "chart-gains" not in old


def test_two_versions_stand_side_by_side_with_their_differences(
    client_for: Clients, keep: Callable[..., None], other_tenant: TenantContext
) -> None:
    later = {**FIGURES, "auc": 0.85, "pr_auc": 0.35, "training_positives": 220}
    moved = [{"feature": "recency", "weight": 0.4, "direction": 1}, {"feature": "gone_plugin", "weight": 0.1, "direction": 0}]
    keep(
        version(1, state=RETIRED, report={"drivers": moved}),
        version(
            2, tier="xgboost", metrics=later, parameters={**PERIODS, "test_cutoff": "2026-03-06"},
            report={"drivers": [{"feature": "recency", "weight": 0.3, "direction": 1}]},
        ),
    )  # fmt: skip
    client = client_for("viewer")
    address = f"/c/{client.slug}/models/churn"
    assert f'action="{address}/compare"' in client.get(address).text
    page = client.get(f"{address}/compare?a=1&b=2").text
    for words in (
        "+0.050", "\u22125.0%", "\u221210.0%", "A small logistic regression", "Boosted trees (xgboost)", "served before",
        "a difference may lie in the days", "It served before, and does no more.",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("Kith uses the model") == 1, "the one that serves"
    assert "gone_plugin" not in page
    assert "+5.0%" in client.get(f"{address}/compare?a=2&b=1").text
    assert client.get(f"{address}/compare").text.count("+0.050") == 1, "the last two, the older first"
    assert client.get(f"{address}/compare?a=1&b=9").status_code == 404
    stranger = client_for("owner", tenant=other_tenant)
    assert stranger.get(f"/c/{stranger.slug}/models/churn/compare?a=1&b=2").status_code == 404


def test_groups_of_sensitive_attributes_are_read_as_they_are_today(runtime: Runtime, tenant: TenantContext) -> None:
    told = [{"faith": "a", "ill": "true", "age": "30"}, {"faith": "b", "ill": "false", "age": "50"}, {"age": "70", "tier": "x"}]
    with runtime.doors.tenant_scope(tenant.id) as session:
        rows = [Customer(name=str(number), attributes=one) for number, one in enumerate(told)]
        kinds = (("faith", "choice", True), ("ill", "boolean", True), ("age", "number", True), ("tier", "choice", False))
        named = [Attribute(key=key, label=key, kind=kind, sensitive=sensitive) for key, kind, sensitive in kinds]
        session.add_all([*rows, *named])
        session.flush()
        found = {one.key: [one.groups.get(row.id) for row in rows] for one in fairness.protected(session)}
    assert found == {"faith": ["a", "b", None], "ill": ["yes", "no", None], "age": ["≤ 50", "≤ 50", "> 50"]}
