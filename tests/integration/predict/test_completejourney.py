"""A year of a grocery chain, brought as a user would: who answers its coupon campaigns, what customers buy next. Figures with `-s`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from known_companies import Customer, Told

from kith_platform.modules import service as modules
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
    for name, figure in found.items():
        told(name, figure)


def test_who_answers_coupon_campaigns(journey: Customer, told: Told) -> None:
    found = journey.train("response", "uplift")
    tell_all(told, found["response"])
    tell_all(told, found["uplift"])
