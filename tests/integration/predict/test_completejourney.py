"""A year of a grocery chain, brought as a user would: who answers its coupons, what they buy next. Figures with `-s`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from known_companies import Customer, Told
from sqlalchemy import select

from kith_platform.modules import service as modules
from kith_platform.predict import sentences, service
from kith_platform.predict.models import Score
from kith_platform.runtime import Runtime
from kith_tenants import registry

JOURNEY = Path(__file__).parents[3].parent / "shared" / "data" / "completejourney"
pytestmark = pytest.mark.skipif(not JOURNEY.is_dir(), reason=f"{JOURNEY} is missing")


def touches(folder: Path) -> Path:
    """Each household of each campaign, sent to on the campaign's first day, converted with its first coupon redeemed."""
    sent = pl.read_csv(JOURNEY / "campaigns.csv").join(pl.read_csv(JOURNEY / "campaign_descriptions.csv"), on="campaign_id")
    redeemed = pl.read_csv(JOURNEY / "coupon_redemptions.csv").group_by("household_id", "campaign_id")
    first = redeemed.agg(converted_at=pl.col("redemption_date").min())
    rows = sent.join(first, on=["household_id", "campaign_id"], how="left").with_columns(
        touch_id=pl.format("{}-{}", "campaign_id", "household_id"), channel=pl.lit("mail")
    )
    path = folder / "touches.csv"
    names = {"household_id": "customer_id", "campaign_id": "campaign", "start_date": "sent_at"}
    rows.rename(names).select("touch_id", "customer_id", "campaign", "sent_at", "channel", "converted_at").write_csv(path)
    return path


@pytest.fixture(scope="module")
def journey(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Customer:
    folder = tmp_path_factory.mktemp("journey")
    with runtime.doors.auth_scope() as session:
        tenant = registry.create(
            session, folder.name, name="Journey", industry="retail", currency="USD", timezone="America/New_York"
        )
    with runtime.doors.tenant_scope(tenant.id) as session:
        modules.enable_defaults(session, runtime.plugins, tenant.industry)
    brought = Customer(runtime, tenant, folder)
    brought.load("products", JOURNEY / "products.csv")
    brought.load("orders", JOURNEY / "transactions_sample.csv")
    brought.load("touches", touches(folder))
    return brought


def tell_all(told: Told, found: dict[str, Any]) -> None:
    told("verdict", (found["verdict"], found["tier"]))
    for name, figure in {**found["metrics"], **found["verdict_params"]}.items():
        told(name, figure)


def test_who_answers_coupon_campaigns_and_that_nobody_was_held_back(journey: Customer, told: Told) -> None:
    found = journey.train("response", "uplift")
    tell_all(told, found["response"])
    answers = found["response"]
    assert (answers["verdict"], answers["parameters"]["counted"]) == ("better_than_baseline", "converted")
    assert answers["metrics"]["auc"] > 0.65 > answers["metrics"]["rule_auc"]
    assert answers["metrics"]["ece"] <= 0.05
    assert 0.8 <= answers["metrics"]["calibration_slope"] <= 1.2
    assert found["uplift"]["verdict"] == "no_control_group"


def test_what_customers_buy_next_with_the_reason(journey: Customer, runtime: Runtime, told: Told) -> None:
    found = journey.train("cross_sell")["cross_sell"]
    tell_all(told, found)
    assert found["verdict_params"]["rule"] == "popularity"
    assert found["metrics"]["popularity_ndcg"] > found["metrics"]["lift_ndcg"]
    assert (found["state"] == "champion") == (found["verdict_params"]["low"] > 0)
    assert found["metrics"]["ece"] <= 0.05
    with runtime.doors.tenant_scope(journey.tenant.id, read_only=True) as session:
        rows = session.execute(select(Score).where(Score.task == "cross_sell").limit(50)).scalars().all()
        assert rows
        for row in rows:
            assert 1 <= len(row.reasons) <= 5
            assert row.value == pytest.approx(row.reasons[0]["value"], abs=1e-4)
            assert len({one["feature"] for one in row.reasons}) == len(row.reasons)
        because = sentences.reasons(service.TASKS["cross_sell"], rows[0].reasons, {}, "en", "USD")
    assert because.lead == "Offer next:"
    assert rows[0].reasons[0]["feature"] in because.sentences[0]
