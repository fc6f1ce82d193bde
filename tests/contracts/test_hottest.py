"""The hottest queries, as the pages send them: with many companies in the tables, none reads a big table from end to end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

NEIGHBOURS, PEOPLE = 4, 5_000
BIG = (
    "customer",
    "customer_record",
    "customer_token",
    "score",
    "sales_order",
    "order_line",
    "return_line",
    "ticket",
    "survey_response",
)
# A transaction of the app role cannot fill for others, so each company is filled under its own policy.
FILL = (
    "INSERT INTO kith.customer (name, country, created_at)"
    " SELECT 'Person ' || lpad(n::text, 6, '0'), 'C' || n % 50, now() - n * interval '1 min' FROM generate_series(1, :people) n",
    "INSERT INTO kith.customer_record (source, external_id, name, customer_id)"
    " SELECT 'shop', 'C' || id, name, id FROM kith.customer",
    "INSERT INTO kith.customer_token (token, customer_id) SELECT substr(name, 8), id FROM kith.customer",
    "INSERT INTO kith.score (task, customer_id, value, band, tier, as_of, version)"
    " SELECT task, id, random(), 1 + id % 10, 'rule', current_date, 1 FROM kith.customer, unnest(ARRAY['churn', 'clv']) task",
    "INSERT INTO kith.sales_order (source, external_id, record_id, occurred_at, occurred_on, known_at, net, currency)"
    " SELECT 'shop', 'O' || id, id, day, day::date, day, 9, 'USD'"
    " FROM kith.customer_record, LATERAL (SELECT now() - id % 900 * interval '1 day' AS day) days",
    "INSERT INTO kith.order_line (source, external_id, order_id, occurred_at, occurred_on, known_at, quantity, net, currency)"
    " SELECT 'shop', 'L' || id, id, occurred_at, occurred_on, known_at, 1, 9, 'USD' FROM kith.sales_order",
    "INSERT INTO kith.return_line (source, external_id, record_id, order_id, occurred_at, occurred_on, known_at, net, currency)"
    " SELECT source, external_id, record_id, id, occurred_at, occurred_on, known_at, net, currency FROM kith.sales_order",
    "INSERT INTO kith.ticket (source, external_id, record_id, occurred_at, occurred_on, known_at)"
    " SELECT source, external_id, record_id, occurred_at, occurred_on, known_at FROM kith.sales_order",
    "INSERT INTO kith.survey_response (source, external_id, record_id, occurred_at, occurred_on, known_at, kind, score)"
    " SELECT source, external_id, record_id, occurred_at, occurred_on, known_at, 'nps', 9 FROM kith.sales_order",
)


@pytest.fixture
def crowd(runtime: Runtime, new_tenant: Callable[..., TenantContext]) -> TenantContext:
    """One company of several in the same tables, with statistics as autovacuum would keep them."""
    tenants = [new_tenant() for _ in range(NEIGHBOURS)]
    for tenant in tenants:
        with runtime.doors.tenant_scope(tenant.id) as session:
            for statement in FILL:
                session.execute(text(statement), {"people": PEOPLE})
    assert runtime.urls.superuser is not None
    engine = create_engine(runtime.urls.superuser, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()
    return tenants[0]


def test_the_list_the_360_page_and_the_api_read_by_index_only(
    runtime: Runtime, crowd: TenantContext, client_for: Callable[..., Any]
) -> None:
    client = client_for("owner", tenant=crowd)
    base = f"/c/{crowd.slug}/customers/"
    found = re.search(rf"{base}([0-9a-f-]{{36}})", client.get(base).get_data(as_text=True))
    assert found
    plans: dict[str, str] = {}

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT") and "tenant_id = " in statement:
            rows = cursor.connection.execute(f"EXPLAIN {statement}", parameters).fetchall()
            plans.setdefault(statement, "\n".join(row[0] for row in rows))

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        for address in (
            base,
            f"{base}?sort=-churn",
            f"{base}?sort=-clv",
            f"{base}?q=000123",
            f"{base}?country=C7",
            base + found[1],
        ):
            assert client.get(address).status_code == 200
        answer = client.get("/api/v1/customers", headers={"X-Kith-Tenant": crowd.slug})
        assert answer.status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    assert len(plans) >= 10
    whole = re.compile(rf"Seq Scan on ({'|'.join(BIG)})\b")
    read_whole = {statement: plan for statement, plan in plans.items() if whole.search(plan)}
    assert not read_whole, "\n\n".join(f"{statement}\n{plan}" for statement, plan in read_whole.items())
