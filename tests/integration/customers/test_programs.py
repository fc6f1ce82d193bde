"""Customers, orders, events, models and scores for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, select

from kith_platform.customers.models import Customer
from kith_platform.facts.models import Event
from kith_platform.imports.models import Import
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.predict.models import Score
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

People = Callable[..., list[int]]
Clients = Callable[..., Any]


def ask(client: Any, path: str, body: Any = None, **headers: str) -> Any:
    given = {"X-Kith-Tenant": client.slug, **headers}
    url = f"/api/v1/{path}"
    return client.get(url, headers=given) if body is None else client.post(url, json=body, headers=given)


def test_customers_come_in_pages_and_by_id(tenant: TenantContext, people: People, client_for: Clients) -> None:
    people(["A", "B", "C"])
    client = client_for("analyst")
    first = ask(client, "customers?limit=2").json
    rest = ask(client, f"customers?limit=2&after={first['next']}").json
    assert [row["name"] for row in first["customers"] + rest["customers"]] == ["A", "B", "C"]
    assert rest["next"] is None
    one = ask(client, f"customers/{first['customers'][0]['id']}").json
    assert one["name"] == "A"
    assert one["figures"]["orders"] == 0
    assert [record["source"] for record in one["records"]] == ["shop"]
    assert "tenant_id" not in one
    assert ask(client, "customers?sort=salary").status_code == 422
    assert ask(client, "customers?after=nonsense").status_code == 400


def test_a_program_adds_a_customer_and_is_told_what_is_wrong(tenant: TenantContext, client_for: Clients) -> None:
    client = client_for("analyst")
    made = ask(client, "customers", {"name": "Ada"})
    assert made.status_code == 201
    assert ask(client, f"customers/{made.json['id']}").json["name"] == "Ada"
    wrong = ask(client, "customers", {"email": "nonsense"})
    assert wrong.status_code == 422
    assert wrong.content_type == "application/problem+json"
    assert ask(client_for("viewer"), "customers", {"name": "Ada"}).status_code == 403


def test_orders_sent_twice_under_one_key_are_taken_once(runtime: Runtime, tenant: TenantContext, client_for: Clients) -> None:
    client = client_for("analyst")
    orders = [
        {"id": "O1", "customer": "007", "ordered_at": "2026-06-01T10:00:00+00:00", "net": "12.50"},
        {"id": "O2", "customer": "008", "ordered_at": "2026-06-02T10:00:00+00:00", "net": "7"},
    ]
    body = {"source": "till", "orders": orders}
    first = ask(client, "orders", body, **{"Idempotency-Key": "k1"})
    assert first.status_code == 202, first.text
    assert ask(client, "orders", body, **{"Idempotency-Key": "k1"}).json == first.json
    other = {"source": "till", "orders": orders[:1]}
    assert ask(client, "orders", other, **{"Idempotency-Key": "k1"}).status_code == 409
    with runtime.doors.tenant_scope(tenant.id) as session:
        job = session.execute(select(Job).where(Job.kind == "imports.load")).scalar_one()
    assert run_job(runtime, tenant.id, job.id, unrouted=True)
    with runtime.doors.tenant_scope(tenant.id) as session:
        done = session.execute(select(Import)).scalar_one()
        assert (done.read, done.inserted, done.rejected) == (2, 2, 0)
    listed = ask(client, "orders?limit=1").json
    assert (listed["orders"][0]["external_id"], listed["orders"][0]["net"]) == ("O2", "7.0000")
    rest = ask(client, f"orders?after={listed['next']}").json
    assert [row["external_id"] for row in rest["orders"]] == ["O1"]
    of_one = ask(client, f"orders?customer={rest['orders'][0]['customer']}").json
    assert [row["external_id"] for row in of_one["orders"]] == ["O1"]
    assert ask(client_for("agent", reach="own"), "orders").json["orders"] == []


def test_a_batch_that_does_not_fit_is_refused_with_its_place_and_one_that_does_is_loaded(
    runtime: Runtime, tenant: TenantContext, client_for: Clients
) -> None:
    client = client_for("analyst")
    event = {"id": "E1", "customer": "007", "happened_at": "2026-06-01T10:00:00+00:00", "name": "visit"}
    event |= {"module": "Stock", "user": "ada", "bot": False}
    wrong = ask(client, "events", {"events": [event, {**event, "happened_at": "yesterday"}]})
    assert wrong.status_code == 422
    assert "happened_at" in wrong.text
    assert ask(client, "events", {"events": []}).status_code == 422
    assert ask(client, "events", {"events": [event]}).status_code == 202
    assert ask(client_for("viewer"), "events", {"events": [event]}).status_code == 403
    with runtime.doors.tenant_scope(tenant.id) as session:
        job = session.execute(select(Job).where(Job.kind == "imports.load")).scalar_one()
    assert run_job(runtime, tenant.id, job.id, unrouted=True)
    with runtime.doors.tenant_scope(tenant.id) as session:
        assert session.execute(select(Event.name, Event.module, Event.user, Event.bot)).all() == [
            ("visit", "Stock", "ada", False)
        ]


def test_scores_come_highest_first_with_reasons_in_words(
    runtime: Runtime, tenant: TenantContext, people: People, client_for: Clients
) -> None:
    low, high = people(["Low", "High"])
    reasons = [{"feature": "recency", "value": 42.0, "effect": 0.9}]
    with runtime.doors.tenant_scope(tenant.id) as session:
        base = {"task": "churn", "band": 1, "tier": "rule", "as_of": dt.date(2026, 6, 1), "version": 1, "extra": {}}
        session.execute(insert(Score), [{**base, "customer_id": low, "value": 0.1, "reasons": []}])
        session.execute(insert(Score), [{**base, "customer_id": high, "value": 0.9, "reasons": reasons}])
        wanted = session.get_one(Customer, (tenant.id, high)).public_id
    client = client_for("analyst")
    rows = ask(client, "scores?model=churn").json["scores"]
    assert [row["value"] for row in rows] == [0.9, 0.1]
    assert (rows[0]["customer"], rows[0]["words"]) == (str(wanted), ["Last bought 42 days ago."])
    assert ask(client, "scores?model=nonsense").status_code == 422


def test_models_say_what_serves_and_can_be_trained(tenant: TenantContext, client_for: Clients) -> None:
    client = client_for("analyst")
    models = ask(client, "models").json["models"]
    assert {"churn", "clv", "next_purchase", "involuntary", "winback", "upsell"} <= {model["key"] for model in models}
    assert all(model["serves"] is model["latest"] is None for model in models)
    assert ask(client, "models/nonsense").status_code == 404
    asked = ask(client, "models/clv/train", {})
    assert asked.status_code == 202
    assert ask(client, "models/clv/train", {}).json["job"] == asked.json["job"]
    assert ask(client_for("viewer"), "models/clv/train", {}).status_code == 403
