"""A retailer's numbers by hand: two stores, two customers with and without a card, coupons used, expired and open."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from kith_platform.auth.who import system
from kith_platform.customers.models import Customer
from kith_platform.frames import open_frames
from kith_platform.jobs import claim
from kith_platform.jobs.run import JobRun
from kith_platform.metrics import service as metrics
from kith_platform.metrics import store
from kith_platform.modules.web import panels
from kith_platform.refresh.jobs import refresh
from kith_platform.refresh.service import ask_refresh
from kith_platform.runtime import Runtime
from kith_platform.snapshots import service as snapshots
from kith_tenants.tenant import TenantContext

Switch = Callable[..., bool]
OCTOBER = dt.date(2025, 10, 1)


class Retailer:
    """Puts rows in and refreshes."""

    def __init__(self, site: Runtime, tenant: TenantContext) -> None:
        self.site, self.tenant, self._number = site, tenant, itertools.count(1)

    def add(self, fact: str, day: dt.date | None = None, **given: Any) -> int:
        row = self.site.facts.row(fact)
        values: dict[str, Any] = {"source": "shop", "external_id": f"{fact}-{next(self._number)}", **given}
        if day is not None:
            at = dt.datetime.combine(day, dt.time(12), dt.UTC)
            values |= {"occurred_at": at, "occurred_on": day, "known_at": at}
        if self.site.facts[fact].money:
            values["currency"] = "USD"
        with self.site.doors.tenant_scope(self.tenant.id) as session:
            return int(session.execute(insert(row).values(**values).returning(row.id)).scalar_one())

    def customer(self) -> tuple[int, int]:
        """(customer id, record id)"""
        with self.site.doors.tenant_scope(self.tenant.id) as session:
            who = session.execute(insert(Customer).values(name="Ada").returning(Customer.id)).scalar_one()
        return who, self.add("customer_record", customer_id=who, known_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))

    def refresh(self) -> None:
        doors = self.site.doors
        with doors.tenant_scope(self.tenant.id) as session:
            asked = ask_refresh(session)
        with doors.tenant_scope(self.tenant.id) as session:
            held = claim.claim(session, asked.id, lease=300, unrouted=True)
        assert held is not None
        refresh(JobRun(self.site, self.tenant, held, pulse=doors, threads=1, memory_mb=512))

    def value(self, key: str) -> Any:
        with self.site.doors.tenant_scope(self.tenant.id, read_only=True) as session:
            period = metrics.latest_period(session)
            assert period is not None
            assert period.start == OCTOBER
            return store.values(session, [key], [period])[key, period]


@pytest.fixture
def retailer(site: Runtime, tenant: TenantContext, switch: Switch) -> Retailer:
    switch(tenant, "industry_retail")
    return Retailer(site, tenant)


@pytest.fixture
def october(retailer: Retailer) -> tuple[Retailer, int, int]:
    """The retailer, and its customers: the first with a card, the second without."""
    (ada, ada_record), (bob, bob_record) = retailer.customer(), retailer.customer()
    retailer.add("store", external_id="S1", name="Harbour", city="Hobart", area_m2=100)
    retailer.add("store", external_id="S2", name="Hill", city="Hobart", area_m2=100)
    day = dt.date(2025, 10, 10)
    retailer.add("sales_order", dt.date(2025, 10, 1), record_id=ada_record, net=100, store="S1")  # a day before the card
    retailer.add("member_card", dt.date(2025, 10, 2), record_id=ada_record, external_id="M-1", level="gold")
    retailer.add("sales_order", day, record_id=ada_record, net=300, store="S1")
    retailer.add("sales_order", day, record_id=bob_record, net=50, store="S2")
    retailer.add("sales_order", day, net=50)  # nobody knows whose, and in no store
    retailer.add(
        "sales_order", day, record_id=ada_record, net=999, store="S1", status="cancelled", status_at=dt.datetime.now(dt.UTC)
    )
    coupons = [
        retailer.add("coupon", dt.date(2025, 9, 1), record_id=ada_record, expires_on=dt.date(2025, 10, n)) for n in (5, 6, 7)
    ]
    retailer.add("coupon", day, record_id=ada_record, expires_on=dt.date(2999, 1, 1), discount_share=0.1)
    retailer.add("coupon_redemption", dt.date(2025, 10, 5), record_id=ada_record, coupon_id=coupons[0], amount=5)
    retailer.add("coupon_redemption", dt.date(2025, 10, 7), record_id=ada_record, coupon_id=coupons[1], amount=5)  # a day late
    retailer.add("sales_order", dt.date(2025, 10, 31), record_id=bob_record, net=0, store="S2")
    return retailer, ada, bob


def test_the_three_numbers_by_hand(october: tuple[Retailer, int, int]) -> None:
    retailer = october[0]
    retailer.refresh()
    assert retailer.value("retail.member_share").value == pytest.approx(300 / 500)
    redeemed = retailer.value("retail.coupon_redemption")
    assert (redeemed.value, redeemed.n) == (pytest.approx(1 / 3), 3)
    basket = retailer.value("retail.store_basket")
    assert (basket.value, basket.n) == (pytest.approx(450 / 4), 4)
    assert [(row["store"], row["sales"], row["orders"]) for row in basket.rows] == [("S1", 400.0, 2), ("S2", 50.0, 2)]


def test_the_stores_page_and_route_show_them(october: tuple[Retailer, int, int], client_for: Callable[..., Any]) -> None:
    retailer = october[0]
    mine, tenant = client_for("owner"), retailer.tenant
    before = mine.get(f"/c/{tenant.slug}/m/industry_retail/stores").text
    assert "Harbour" in before
    assert "no data" in before
    retailer.refresh()
    page = mine.get(f"/c/{tenant.slug}/m/industry_retail/stores").text
    assert [one.problem for one in retailer.site.plugins.guard.recent(tenant.id)] == []
    assert page.index("Harbour") < page.index("Hill"), "the store that sells most comes first"
    assert "Low for its area" in page
    told = mine.get("/api/v1/m/industry_retail/stores", headers={"X-Kith-Tenant": tenant.slug}).get_json()
    assert told["month"] == "2025-10-01"
    assert [(one["name"], one["sales_per_m2"], one["weak"]) for one in told["stores"]] == [
        ("Harbour", 4.0, False),
        ("Hill", 0.5, True),
    ]
    assert mine.post(f"/c/{tenant.slug}/modules/industry_retail", data={"weak_share": "0"}).status_code == 302
    assert "Low for its area" not in mine.get(f"/c/{tenant.slug}/m/industry_retail/stores").text


def test_the_panel_shows_cards_and_open_coupons_of_customers_one_may_see(october: tuple[Retailer, int, int], web: Any) -> None:
    retailer, ada, bob = october
    with web.test_request_context(), retailer.site.doors.tenant_scope(retailer.tenant.id, read_only=True) as session:
        found = {one.key: one for one in panels(session, retailer.tenant, system(), "customer", [ada, bob])}
    card = found["retail_card"]
    assert not card.failed
    assert set(card.parts) == {ada}, "nothing to say of somebody without card and coupon"
    assert "M-1" in card.parts[ada]
    assert "10% off" in card.parts[ada]
    assert card.parts[ada].count("off") == 1, "used and expired coupons are not open"


def test_features_know_nothing_from_after_the_cutoff(october: tuple[Retailer, int, int]) -> None:
    retailer, ada, _bob = october
    retailer.refresh()
    with retailer.site.doors.tenant_scope(retailer.tenant.id, read_only=True) as session:
        manifest = snapshots.latest(session)
    (wanted,) = [one for _name, one in retailer.site.plugins.brought("feature_sets", ["industry_retail"])]
    assert wanted.key == "industry_retail.loyalty"
    with open_frames(retailer.site, retailer.tenant, manifest, threads=1, memory_mb=512) as frames:
        rows = {}
        for cutoff in (dt.date(2025, 10, 2), dt.date(2025, 10, 6), dt.date(2025, 11, 1)):
            tables = frames.before(cutoff)
            rows[cutoff.isoformat()] = {one["customer_id"]: one for one in tables.run(wanted.compute(tables, cutoff)).to_pylist()}
    first, second, last = (rows[key].get(ada) for key in ("2025-10-02", "2025-10-06", "2025-11-01"))
    assert first == {"customer_id": ada, "retail_card_days": None, "retail_coupons_used": None, "retail_coupons_open": 3.0}
    assert (second["retail_card_days"], second["retail_coupons_used"], second["retail_coupons_open"]) == (3.0, 1.0, 2.0)
    assert (last["retail_card_days"], last["retail_coupons_used"], last["retail_coupons_open"]) == (29.0, 2.0, 1.0)


def test_the_demo_retailer_brings_files_for_every_fact_of_the_module(site: Runtime, tmp_path: Any, monkeypatch: Any) -> None:
    (retailer,) = [one for _name, one in site.plugins.brought("demo_companies", ["industry_retail"]) if one.key == "retailer"]
    from kith_plugins.industry_retail import demo

    monkeypatch.setattr(demo, "CUSTOMERS", 50)
    files = dict(retailer.write(tmp_path, 7))
    assert {"stores", "member_cards", "coupons", "coupon_redemptions"} <= set(files)
    assert all(path.stat().st_size > 50 for path in files.values())
    assert all(site.facts.by_plural(plural) for plural in files)
