"""The hottest queries, as the pages send them: with many companies in the tables, none reads a big table from end to end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, Select, create_engine, event, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from kith_platform.runtime import Runtime
from kith_platform.segments import compile_sql, reading, service, vocabulary
from kith_platform.segments.models import Segment, SegmentMember, SegmentMove
from kith_tenants.tenant import TenantContext

NEIGHBOURS, PEOPLE = 4, 5_000
BIG = (
    "consent",
    "customer",
    "customer_placement",
    "customer_record",
    "customer_token",
    "score",
    "segment_member",
    "segment_sample",
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
    "INSERT INTO kith.customer_placement (customer_id, key, code) SELECT id, 'group', chr(65 + (id % 5)::int) FROM kith.customer",
    "INSERT INTO kith.segment (name, dynamic, rule) VALUES ('best', true, '{\"all\": []}')",
    "INSERT INTO kith.segment_member (segment_id, customer_id)"
    " SELECT segment.id, customer.id FROM kith.customer, kith.segment WHERE customer.id % 3 = 0",
    "INSERT INTO kith.segment_sample (customer_id) SELECT id FROM kith.customer WHERE id % 100 = 0",
    "INSERT INTO kith.attribute (key, label, kind) VALUES ('plan', 'Plan', 'text')",
    "UPDATE kith.customer SET attributes = jsonb_build_object('plan', (ARRAY['gold', 'plain'])[1 + id % 2])",
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
    "INSERT INTO kith.consent (source, external_id, record_id, occurred_at, occurred_on, known_at, channel, status)"
    " SELECT source, external_id, record_id, occurred_at, occurred_on, known_at, 'email', 'granted' FROM kith.sales_order",
)
SCORED = {"score": "churn", "op": "at_least", "value": 0.7}
PLACED = {"placement": "group", "op": "is", "value": ["A", "B"]}
AT_HOME = {"field": "country", "op": "is", "value": ["C7"]}
# What a segment's rule may ask for without reading facts. Each is counted while it is being clicked together.
RULES: dict[str, dict[str, Any]] = {
    "a score": {"all": [SCORED]},
    "a tenth": {"all": [{"score": "clv", "part": "band", "op": "at_most", "value": 2}]},
    "a placement": {"all": [PLACED]},
    "a country": {"all": [AT_HOME]},
    "an attribute": {"all": [{"attribute": "plan", "op": "is", "value": ["gold"]}]},
    "several": {"all": [SCORED, PLACED, AT_HOME]},
    "one of several": {"any": [SCORED, PLACED, AT_HOME]},
    "not in a placement": {"all": [SCORED, {**PLACED, "op": "is_not"}]},
    "a segment": {"all": [{"segment": "best", "inside": True}]},
    "a consent": {"all": [SCORED, {"consent": "email", "status": "granted"}]},
    "a complaint": {"all": [SCORED, {"complaint": True}]},
}
WHOLE = re.compile(rf"Seq Scan on ({'|'.join(BIG)})\b")


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
            f"{base}?q=0123",
            f"{base}?country=C7",
            base + found[1],
        ):
            assert client.get(address).status_code == 200
        answer = client.get("/api/v1/customers", headers={"X-Kith-Tenant": crowd.slug})
        assert answer.status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    assert len(plans) >= 10
    read_whole = {statement: plan for statement, plan in plans.items() if WHOLE.search(plan)}
    assert not read_whole, "\n\n".join(f"{statement}\n{plan}" for statement, plan in read_whole.items())


def test_segments_are_counted_and_their_members_found_by_index_only(runtime: Runtime, crowd: TenantContext) -> None:
    read_whole: dict[str, str] = {}
    with runtime.doors.tenant_scope(crowd.id, read_only=True) as session:
        found = vocabulary.of_company(session, runtime.facts, runtime.plugins)
        words = replace(found, placements={"group": ("Groups", {})})
        best = next(iter(words.segments))
        scope = service.scope(session, runtime.facts, words)
        for name, document in RULES.items():
            rule = reading.read(json.loads(json.dumps(document).replace('"best"', f'"{best}"')), words)
            for statement in (compile_sql.number(rule, scope), compile_sql.members(rule, scope)):
                plan = "\n".join(explained(session, statement))
                if WHOLE.search(plan):
                    read_whole[f"{name}: {statement}"] = plan
        for statement in members_of(session):
            plan = "\n".join(explained(session, statement))
            if WHOLE.search(plan):
                read_whole[str(statement)] = plan
    assert not read_whole, "\n\n".join(f"{name}\n{plan}" for name, plan in read_whole.items())


def members_of(session: Session) -> list[Select[Any]]:
    """A page of a segment's members, the segments of one customer, who came and left, and who does not count."""
    segment = session.execute(select(Segment.id)).scalar_one()
    someone = session.execute(select(SegmentMember.customer_id).limit(1)).scalar_one()
    ids = select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment)
    return [
        ids.where(SegmentMember.customer_id > someone).order_by(SegmentMember.customer_id).limit(50),
        select(SegmentMember.segment_id).where(SegmentMember.customer_id == someone),
        select(SegmentMove).where(SegmentMove.segment_id == segment).order_by(SegmentMove.id.desc()).limit(50),
        compile_sql.gone(),
    ]


def explained(session: Session, statement: Select[Any]) -> list[str]:
    """The plan of a statement as the session would send it."""
    compiled = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    return list(session.execute(text("EXPLAIN " + str(compiled).replace(":", "\\:"))).scalars())
