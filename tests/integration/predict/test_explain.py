"""Where a company has too many customers for all to have reasons stored, a click gives the very same ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from known_companies import Customer, NewCustomer
from sqlalchemy import select

from kith_platform.customers.models import Customer as CustomerRow
from kith_platform.predict import explain, reasons, scores
from kith_platform.predict.models import Score
from kith_platform.predict.service import TASKS
from kith_platform.refresh import service as refresh
from kith_platform.simulator import simulate

ENDS = dt.date(2026, 6, 30)


def stored(shop: Customer) -> dict[int, Score]:
    with shop.runtime.doors.tenant_scope(shop.tenant.id, read_only=True) as session:
        found = {row.customer_id: row for row in session.execute(select(Score).where(Score.task == "churn")).scalars()}
        session.expunge_all()
    return found


def test_reasons_outside_the_highest_tenth_come_at_a_click_and_are_those_that_would_have_been_stored(
    customer_like: NewCustomer, monkeypatch: pytest.MonkeyPatch, member_of: Callable[..., Any]
) -> None:
    company = simulate("retailer", regime="misspecified", customers=500, years=2.5, seed=7, ends_on=ENDS)
    shop = customer_like(company)
    shop.bring(company, ("customers", "orders"))
    shop.train("churn")
    whole = stored(shop)
    assert all(row.reasons for row in whole.values())
    monkeypatch.setattr(reasons, "EXPLAINED", 100)
    shop.train("churn")
    shop.run(refresh.ask_refresh)
    kept = stored(shop)
    without = {row.customer_id for row in kept.values() if not row.reasons}
    assert {row.customer_id for row in kept.values() if row.band == 1} == kept.keys() - without
    blobs, task = shop.runtime.blobs.of(shop.tenant.id), TASKS["churn"]
    with shop.runtime.doors.tenant_scope(shop.tenant.id, read_only=True) as session:
        for number in sorted(without)[::40]:
            score = scores.of_customers(session, [number])[number]["churn"]
            found = explain.of_customer(shop.runtime, session, shop.tenant, task, score)
            assert found is not None
            assert [one["feature"] for one in found] == [one["feature"] for one in whole[number].reasons]
            assert [one["effect"] for one in found] == pytest.approx([one["effect"] for one in whole[number].reasons], abs=1e-3)
        shown = session.get_one(CustomerRow, (shop.tenant.id, sorted(without)[0])).public_id
    client = member_of(shop.tenant, "viewer")
    place = f"/c/{shop.tenant.slug}/customers/{shown}"
    assert f'hx-get="{place}/why/churn"' in client.get(place).text
    assert "Typical of customers who" in client.get(f"{place}/why/churn").text
    assert explain.row_of(blobs, max(kept) + 1_000_000, ENDS) is None
    assert explain.row_of(blobs, min(kept), ENDS - dt.timedelta(days=1)) is None, "features of another day explain nothing"
    explain.forget(blobs)
    assert "not at hand" in client.get(f"{place}/why/churn").text
