"""The printed vectors of customer experience (domain B3), from files to the API: what customers say and tell others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

JANUARY, MARCH, APRIL, MAY, JUNE = "2026-01", "2026-03", "2026-04", "2026-05", "2026-06"
DRIVERS = ("quality", "brand", "image", "responsibility", "price", "service")


def answers(kind: str, month: str, scores: Sequence[float], **more: Any) -> list[dict[str, Any]]:
    """One answer of a customer of its own for each score, on the tenth of the month."""
    return [
        {
            "id": f"{kind}{month}{number}",
            "customer": f"C{number}",
            "sent_at": f"{month}-10T10:00:00Z",
            "kind": kind,
            "score": score,
        }
        | more
        for number, score in enumerate(scores)
    ]


def rated(month: str, count: int) -> list[dict[str, Any]]:
    """Overall scores made of quality and service, twice as much of the former: 0.8 and 0.4 of standard deviations."""
    random = np.random.default_rng(7)
    values = np.round(random.normal(size=(count, 6)), 3) * 1.0
    values = values - values.mean(axis=0)
    score = 0.8 * values[:, 0] + 0.4 * values[:, 5]
    rows = []
    for number in range(count):
        said = {name: round(5 + values[number, place], 4) for place, name in enumerate(DRIVERS)}
        rows.append(
            {
                "id": f"D{month}{number}",
                "customer": f"C{number}",
                "sent_at": f"{month}-12T10:00:00Z",
                "kind": "loyalty",
                "score": round(5 + score[number], 4),
                **said,
            }
        )
    return rows


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    """March holds the vectors; April is a company that was told nothing; May mixes scales; June has few of all."""
    made = vectors("analytics_cem")
    made.set("analytics_cem", touchpoints="delivery 0.6 0.9; service 0.4 0.85", promoter_reach="3.5", detractor_reach="12")
    surveys = [
        *answers("nps", MARCH, [10] * 30 + [8] * 12 + [3] * 8, channel="mail"),
        *answers("ces", MARCH, [6] * 5 + [7] * 3 + [4] * 2),
        *answers("ces", MAY, [6] * 2),
        *({**one, "id": f"old{one['id']}", "scale": "1-5"} for one in answers("ces", MAY, [1] * 9)),
        *answers("csat", MARCH, [5] * 8 + [1] * 2, touchpoint="delivery"),
        *({**one, "id": f"s{one['id']}"} for one in answers("csat", MARCH, [4] * 16 + [2] * 4, touchpoint="service")),
        *answers("nps", JUNE, [10] * 4),
        *rated(MARCH, 240),
        *rated(MAY, 40),
        {"id": "W1", "customer": "C1", "sent_at": "2026-03-11T10:00:00Z", "kind": "csat", "brand_rank": 1, "brands_used": 2},
        {"id": "W2", "customer": "C2", "sent_at": "2026-03-11T10:00:00Z", "kind": "csat", "brand_rank": 2, "brands_used": 2},
        {"id": "W3", "customer": "C3", "sent_at": "2026-05-11T10:00:00Z", "kind": "csat", "brand_rank": 3, "brands_used": 3},
        {"id": "W4", "customer": "C4", "sent_at": "2026-06-11T10:00:00Z", "kind": "csat", "brand_rank": 1, "brands_used": 1},
    ]
    made.bring("survey_responses", surveys)
    orders = [
        {"id": f"O{number}", "customer": f"C{number}", "ordered_at": "2026-03-20T10:00:00Z", "net": 10} for number in range(100)
    ]
    made.bring("orders", [*orders, {"id": "last", "customer": "C1", "ordered_at": "2026-07-02T10:00:00Z", "net": 10}])
    referrals = [
        {"id": f"R{number}", "customer": f"C{number}", "made_at": "2026-03-05T10:00:00Z", "invites": 3, "channel": "app"}
        | ({"converted_at": "2026-03-08T10:00:00Z"} if number < 9 else {})
        for number in range(20)
    ]
    void = {
        "id": "RV",
        "customer": "C50",
        "made_at": "2026-03-05T10:00:00Z",
        "converted_at": "2026-03-06T10:00:00Z",
        "void": "true",
    }
    made.bring("referrals", [*referrals, void])
    posts = ["positive"] * 60 + ["negative"] * 15 + ["neutral"] * 15
    made.bring(
        "rated_posts",
        [{"id": f"P{number}", "posted_at": "2026-03-09T10:00:00Z", "sentiment": one} for number, one in enumerate(posts)]
        + [{"id": f"S{number}", "posted_at": "2026-05-09T10:00:00Z", "rating": one} for number, one in enumerate([5, 4, 3, 1])],
    )
    made.compute(JANUARY, MARCH, APRIL, MAY, JUNE)
    return made


def test_net_promoter_score_30_12_8_of_50(company: Any) -> None:
    found = company.read("cem.nps", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(44.0), 50)
    assert (found["low"], found["high"]) == (pytest.approx(23.1, abs=0.1), pytest.approx(64.9, abs=0.1))


def test_few_answers_are_flagged(company: Any) -> None:
    assert "low_confidence" in company.read("cem.nps", JUNE)["flags"]


def test_effort_of_five_sixes_three_sevens_two_fours(company: Any) -> None:
    found = company.read("cem.ces", MARCH)
    assert found["value"] == pytest.approx(5.9)
    assert found["rows"][0]["share"] == pytest.approx(0.80)


def test_an_older_scale_of_effort_is_not_mixed_in(company: Any) -> None:
    assert (company.read("cem.ces", MAY)["value"], company.read("cem.ces", MAY)["n"]) == (6.0, 2)


def test_gap_at_touchpoints_with_agreed_weights_and_targets(company: Any) -> None:
    """Delivery: .9 − .8 = .10 with weight .6; service: .85 − .80 = .05 with .4."""
    assert company.read("cem.touch_gap", MARCH)["value"] == pytest.approx(0.08)


def test_drivers_are_told_apart_from_200_answers_on(company: Any) -> None:
    found = company.read("cem.driver_impact", MARCH)
    told = {row["name"]: row["value"] for row in found["rows"]}
    assert told["Quality"] == pytest.approx(0.89, abs=0.04)
    assert told["Service"] == pytest.approx(0.45, abs=0.04)
    assert all(abs(told[name]) < 0.01 for name in ("Brand", "Image", "Responsibility", "Price"))
    assert found["flags"] == []


def test_fewer_answers_give_rank_correlations(company: Any) -> None:
    assert "rank_correlation" in company.read("cem.driver_impact", MAY)["flags"]


def test_wallet_by_rank(company: Any) -> None:
    """N = 2: ranks 1 and 2 give .6667 and .3333; N = 3, rank 3: .1667; N = 1: 1."""
    assert company.read("cem.sow_war", MARCH)["value"] == pytest.approx((0.6667 + 0.3333) / 2, abs=1e-4)
    assert company.read("cem.sow_war", MAY)["value"] == pytest.approx(0.1667, abs=1e-4)
    assert company.read("cem.sow_war", JUNE)["value"] == pytest.approx(1.0)


def test_referrals_of_active_customers_less_those_to_oneself(company: Any) -> None:
    found = company.read("cem.referral_rate", MARCH)
    assert (found["value"], found["n"]) == (pytest.approx(9 / 100), 100)


def test_net_word_of_mouth(company: Any) -> None:
    """100 active customers: 60 promoters times 3.5, less 16 detractors times 12."""
    found = company.read("cem.wom_net", MARCH)
    assert found["value"] == pytest.approx(60 * 3.5 - 16 * 12)
    assert "illustrative" in found["flags"]
    assert found["rows"][2]["value"] == pytest.approx(3.43, abs=0.01)


def test_viral_coefficient(company: Any) -> None:
    """A fifth of the customers invites 3 each; 9 of 60 invitations convert: .2 · 3 · .15."""
    assert company.read("cem.k_factor", MARCH)["value"] == pytest.approx(0.09)


def test_reviews_60_positive_15_negative_of_90(company: Any) -> None:
    assert company.read("cem.review_sentiment", MARCH)["value"] == pytest.approx(0.50)


def test_stars_tell_where_no_sentiment_is_given(company: Any) -> None:
    assert company.read("cem.review_sentiment", MAY)["value"] == pytest.approx((2 - 1) / 4)


@pytest.mark.parametrize(
    "key", ["cem.nps", "cem.ces", "cem.touch_gap", "cem.driver_impact", "cem.sow_war", "cem.k_factor", "cem.review_sentiment"]
)
def test_a_month_without_answers_has_no_value(company: Any, key: str) -> None:
    found = company.read(key, APRIL)
    assert (found["value"], found["reason"], found["n"]) == (None, "empty_denominator", 0)


def test_before_the_first_customer_nobody_refers(company: Any) -> None:
    assert company.read("cem.referral_rate", JANUARY)["value"] is None
