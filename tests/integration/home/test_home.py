"""Home, the first-run guide and the Models pages, as people meet them."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select

from kith_platform.audit.models import AuditEntry
from kith_platform.auth import permissions
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, SalesOrder, Ticket
from kith_platform.home import service
from kith_platform.imports.models import Import
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.modules import service as modules
from kith_platform.predict.models import CHAMPION, RETIRED, ModelVersion, Score
from kith_platform.runtime import Runtime
from kith_tenants.context import Actor, Reach
from kith_tenants.tenant import TenantContext

Clients = Callable[..., Any]


def actor(reach: Reach = Reach.ALL, member: int | None = 1) -> Actor:
    return Actor(member, None, "Ada", "owner", permissions.of_role("owner"), reach)


def customer(session: Any, name: str, orders: list[tuple[dt.date, int]], **given: Any) -> int:
    """A customer with orders (day, net)."""
    record = CustomerRecord(source="shop", external_id=uuid.uuid4().hex, name=name)
    session.add(record)
    session.flush()
    row = Customer(name=name, first_record_id=record.id, **given)
    session.add(row)
    session.flush()
    record.customer_id = row.id
    session.flush()
    for day, net in orders:
        moment = dt.datetime.combine(day, dt.time(12), dt.UTC)
        values = {"external_id": uuid.uuid4().hex, "occurred_at": moment, "occurred_on": day, "net": Decimal(net)}
        session.execute(insert(SalesOrder), [{"source": "shop", "record_id": record.id, "currency": "USD", **values}])
    return int(row.id)


def test_sales_and_new_customers_are_compared_with_the_same_elapsed_days(runtime: Runtime, tenant: TenantContext) -> None:
    with runtime.doors.tenant_scope(tenant.id) as session:
        old = [
            (dt.date(2024, 2, 20), 7),
            (dt.date(2024, 3, 5), 80),
            (dt.date(2024, 3, 31), 999),
            (dt.date(2025, 2, 10), 50),
            (dt.date(2025, 2, 28), 999),
        ]
        customer(session, "Old", [*old, (dt.date(2025, 3, 10), 100)])
        customer(session, "New", [(dt.date(2025, 3, 8), 20)])
        customer(session, "February", [(dt.date(2025, 2, 9), 1)])
        customer(session, "Late February", [(dt.date(2025, 2, 27), 1)])
        sold = service.sales(session, actor())
        assert sold is not None
        assert sold.until == dt.date(2025, 3, 10)
        assert (sold.this_month, sold.month_before, sold.year_before, sold.orders) == (120.0, 51.0, 80.0, 2)
        assert [str(month) for month, _money in sold.months][::12] == ["2024-03-01", "2025-03-01"]
        assert service.new_customers(session, actor(), sold.until) == (1, 1)
        assert service.sales(session, actor(Reach.OWN, member=99)) is None


def test_a_company_that_statistics_do_not_know_yet_is_counted_in_one_pass(runtime: Runtime, tenant: TenantContext) -> None:
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("SELECT"):
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {statement}", parameters)
                plans.append("\n".join(line for (line,) in cursor))

    with runtime.doors.tenant_scope(tenant.id) as session:
        customer(session, "Only", [(dt.date(2026, 1, 5), 10)])
        event.listen(session.connection(), "before_cursor_execute", explain)
        assert service.new_customers(session, actor(), dt.date(2026, 1, 31)) == (1, 0)
        assert [one.customer.name for one in service.bought_once(session, actor())] == ["Only"]
        assert service.worth(session, actor()) is None
        assert service.at_risk(session, actor()) == []
    assert sum("Join" in plan for plan in plans) >= 3
    assert [plan for plan in plans if "Nested Loop" in plan] == [], "orders times customers"


def test_lists_put_most_money_at_stake_first_and_respect_who_sees_whom(runtime: Runtime, tenant: TenantContext) -> None:
    today = dt.datetime.now(dt.UTC).date()
    with runtime.doors.tenant_scope(tenant.id) as session:
        rich = customer(session, "Rich", [(today, 10), (today - dt.timedelta(days=9), 10)], owner_id=7)
        poor = customer(session, "Poor", [(today, 10)])
        safe = customer(session, "Safe", [(today - dt.timedelta(days=400), 10)])
        base = {"tier": "rule", "as_of": today, "version": 1, "band": 1}
        for one, leaves, money in ((rich, 0.4, 1000.0), (poor, 0.9, 10.0), (safe, 0.05, 5000.0)):
            session.execute(insert(Score), [{"task": "churn", "customer_id": one, "value": leaves, **base}])
            session.execute(insert(Score), [{"task": "clv", "customer_id": one, "value": money, **base}])
        record = session.execute(select(CustomerRecord.id).where(CustomerRecord.customer_id == safe)).scalar_one()
        moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        session.add(
            Ticket(
                source="d", external_id="1", record_id=record, occurred_at=moment, occurred_on=moment.date(), is_complaint=True
            )
        )
        session.flush()
        assert [one.customer.name for one in service.at_risk(session, actor())] == ["Rich", "Poor"]
        assert [one.customer.name for one in service.bought_once(session, actor())] == ["Poor"]
        number, waiting = service.complaints(session, actor())
        assert (number, waiting[0].customer.name) == (1, "Safe")
        worth = service.worth(session, actor())
        assert worth is not None
        assert (worth.value, worth.at_risk, worth.value_at_risk) == (6010.0, 2, 1010.0)
        own = actor(Reach.OWN, member=7)
        assert [one.customer.name for one in service.at_risk(session, own)] == ["Rich"]
        assert service.complaints(session, own) == (0, [])


def test_an_empty_company_is_led_to_the_guide_and_a_filled_one_sees_home(
    runtime: Runtime, tenant: TenantContext, client_for: Clients
) -> None:
    client = client_for("viewer")
    answer = client.get(f"/c/{client.slug}/")
    assert answer.location.endswith(f"/c/{client.slug}/guide/")
    assert client.get(answer.location).status_code == 200
    with runtime.doors.tenant_scope(tenant.id) as session:
        customer(session, "王小明", [(dt.date(2026, 5, 1), 10)])
    page = client.get(f"/c/{client.slug}/").text
    assert "Train the models to see it." in page
    assert "No model is trained yet" in page
    assert "Nobody is at risk" not in page
    assert "Sales in May 2026" in page, "data that end in the past are not of this month"
    with runtime.doors.tenant_scope(tenant.id) as session:
        one = session.execute(select(Customer.id)).scalar_one()
        score = {"task": "churn", "customer_id": one, "value": 0.01, "tier": "rule", "as_of": dt.date(2026, 5, 1)}
        session.execute(insert(Score), [{**score, "version": 1, "band": 1}])
    assert "Nobody is at risk" in client.get(f"/c/{client.slug}/").text


def test_the_guide_imports_the_sample_and_says_what_is_wrong_with_a_file(
    runtime: Runtime, tenant: TenantContext, client_for: Clients
) -> None:
    client = client_for("owner")
    guide = f"/c/{client.slug}/guide/"
    assert client.get(f"{guide}sample.csv").text.startswith("order_id,customer_id")
    wrong = {"table": "orders", "file": (io.BytesIO(b"colour;size\nred;1\n"), "odd.csv")}
    answer = client.post(f"{guide}import", data=wrong)
    assert answer.status_code == 422
    assert "odd.csv" in answer.text
    assert client.post(f"{guide}import", data={"table": "orders"}).status_code == 422
    assert client.post(f"{guide}import", data={"table": "nonsense"}).status_code == 404
    assert client.post(f"{guide}sample").status_code == 302
    with runtime.doors.tenant_scope(tenant.id) as session:
        job = session.execute(select(Job).where(Job.kind == "imports.load")).scalar_one()
    assert f'id="job-{job.public_id}"' in client.get(guide).text
    assert run_job(runtime, tenant.id, job.id, unrouted=True)
    with runtime.doors.tenant_scope(tenant.id) as session:
        done = session.execute(select(Import).where(Import.state == "done")).scalar_one()
        assert done.inserted == done.read > 200
        assert session.execute(select(func.count()).select_from(Customer)).scalar_one() > 20
    assert client.get(guide).text.count("lines read") == 1
    with runtime.doors.tenant_scope(tenant.id) as session:
        session.add_all(_brought(done, dry_run=True) + _brought(done, state="draft"))
    assert client.get(guide).text.count("lines read") == 1, "what was only tried or looked at was not brought in"


def _brought(like: Import, **given: Any) -> list[Import]:
    keys = ("table_name", "source", "file_name", "blob", "sha256", "size", "mapping", "read")
    return [Import(**{**{key: getattr(like, key) for key in keys}, "state": "done", **given})]


def test_the_guide_switches_modules(runtime: Runtime, tenant: TenantContext, client_for: Clients) -> None:
    name = next(iter(runtime.plugins.loaded))
    client = client_for("admin")
    url = f"/c/{client.slug}/guide/modules"
    for ticked, on in (([name], {name}), ([], set())):
        assert client.post(url, data={"modules": ticked}).status_code == 302
        with runtime.doors.tenant_scope(tenant.id) as session:
            assert modules.enabled(session, runtime.plugins) == on
    assert client_for("agent").post(url, data={"modules": [name]}).status_code == 403


@pytest.fixture
def trained(runtime: Runtime, tenant: TenantContext) -> dict[str, uuid.UUID]:
    """Two versions of churn, the second serving, and a clv that could not be trained."""
    now = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    base = {"as_of": now.date(), "watermark": now, "snapshot": "0", "seed": 1}
    better = {"verdict": "better_than_baseline", "verdict_params": {"difference": 0.17, "low": 0.12, "high": 0.23}}
    report = {
        "calibration": [{"n": 10.0, "mean_probability": 0.1, "rate": 0.12}],
        "deciles": [{"group": 1.0, "n": 10.0, "mean_score": 0.4, "mean_outcome": 0.3, "lift": 3.0, "captured": 0.5}],
        "drivers": [
            {"feature": "recency", "weight": 0.4, "direction": 1},
            {"feature": "gone_plugin", "weight": 0.1, "direction": 0},
        ],
        "comparison": {"difference": 0.17, "low": 0.12, "high": 0.23},
    }
    short = {"verdict": "too_few_repeat_buyers", "verdict_params": {"found": 12, "needed": 50}, "state": "not_trained"}
    with runtime.doors.tenant_scope(tenant.id) as session:
        rows = [
            ModelVersion(task="churn", version=1, state=RETIRED, **better, **base),
            ModelVersion(
                task="churn", version=2, state=CHAMPION, report=report, parameters={"horizon_days": 90}, **better, **base
            ),
            ModelVersion(task="clv", version=1, **short, **base),
        ]
        session.add_all(rows)
        session.flush()
        return {f"{row.task}{row.version}": row.public_id for row in rows}


def test_models_say_their_verdict_their_drivers_and_the_exact_shortfall(
    tenant: TenantContext, client_for: Clients, trained: dict[str, uuid.UUID]
) -> None:
    client = client_for("viewer")
    listed = client.get(f"/c/{client.slug}/models/").text
    assert "Better than the simple rule" in listed
    assert "12 customers bought on more than one day and 50 are needed" in listed
    page = client.get(f"/c/{client.slug}/models/churn").text
    for words in (
        "+17.0 points against the simple rule (95 % interval +12.0 to +23.0",
        "Days since the last purchase",
        "The higher, the likelier.",
        "chart-calibration",
        "chart-lift",
    ):
        assert words in page, words
    assert "gone_plugin" not in page
    assert "Let it serve again" not in page  # a viewer decides nothing
    assert client.get(f"/c/{client.slug}/models/nonsense").status_code == 404
    client.set_cookie("kith_language", "zh_Hant")
    chinese = client.get(f"/c/{client.slug}/models/clv").text
    assert "12 位客戶" in chinese


def test_a_former_version_serves_again_and_the_audit_says_who_did_it(
    runtime: Runtime, tenant: TenantContext, other_tenant: TenantContext, client_for: Clients, trained: dict[str, uuid.UUID]
) -> None:
    analyst, stranger = client_for("analyst"), client_for("owner", tenant=other_tenant)
    path = f"models/churn/{trained['churn1']}/promote"
    assert stranger.post(f"/c/{stranger.slug}/{path}").status_code == 404
    assert client_for("viewer").post(f"/c/{analyst.slug}/{path}").status_code == 403
    assert analyst.post(f"/c/{analyst.slug}/{path}").status_code == 302
    assert analyst.post(f"/c/{analyst.slug}/models/clv/{trained['clv1']}/promote").status_code == 409
    with runtime.doors.tenant_scope(tenant.id) as session:
        states = session.execute(select(ModelVersion.version, ModelVersion.state).where(ModelVersion.task == "churn"))
        assert {row.version: row.state for row in states} == {1: CHAMPION, 2: RETIRED}
        entry = session.execute(select(AuditEntry).where(AuditEntry.action == "model:promoted")).scalar_one()
        assert entry.identity_id == analyst.identity_id
    shown = analyst.get(f"/c/{analyst.slug}/models/churn").text
    assert "serves now" in shown, "the page tells of the version that was put back"
    assert "version 1 serves" not in shown


def test_train_asks_once_and_shows_its_progress(runtime: Runtime, tenant: TenantContext, client_for: Clients) -> None:
    client = client_for("analyst")
    first = client.post(f"/c/{client.slug}/models/train")
    assert client.post(f"/c/{client.slug}/models/train").location == first.location
    with runtime.doors.tenant_scope(tenant.id) as session:
        job = session.execute(select(Job).where(Job.kind == "predict.train")).scalar_one()
    page = client.get(f"/c/{client.slug}/models/").text
    assert f'id="job-{job.public_id}"' in page
    assert "Train all models" not in page
    with runtime.doors.tenant_scope(tenant.id) as session:
        customer(session, "Ada", [(dt.date(2026, 5, 1), 10)])
    assert "The models are being trained" in client.get(f"/c/{client.slug}/").text
