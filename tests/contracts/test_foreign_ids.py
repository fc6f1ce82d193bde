"""Ids that exist, but in another company: every route that takes an id answers 404, as if there were nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from werkzeug.routing import Rule

from kith_platform.imports.models import Import
from kith_platform.jobs.models import Job
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.predict.models import ModelVersion
from kith_platform.runtime import Runtime
from kith_platform.surveys.models import Survey
from kith_tenants.tenant import TenantContext


@pytest.fixture
def theirs(runtime: Runtime, client_for: Callable[..., Any], other_tenant: TenantContext) -> list[str]:
    """Public ids of everything that another company has, one of each table at least."""
    import datetime as dt

    from kith_platform.customers.models import Customer
    from kith_platform.facts.models import CustomerRecord, Invoice, Product, SalesOrder, Ticket

    client_for("owner", tenant=other_tenant)
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    happened = {"occurred_at": now, "occurred_on": now.date(), "source": "x", "external_id": "1"}
    with runtime.doors.tenant_scope(other_tenant.id) as session:
        session.add_all(
            [
                Customer(name="Theirs"),
                CustomerRecord(source="x", external_id="1"),
                Product(source="x", external_id="1", currency="USD"),
                SalesOrder(**happened, currency="USD"),
                Invoice(**happened, currency="USD", amount=1),
                Ticket(**happened),
                Import(table_name="orders", source="x", file_name="f.csv", blob="b", sha256="", size=0, mapping={}),
                Job(kind="imports.load", queue="import"),
                Survey(name="Theirs", kind="nps", questions={"en": "?"}),
                LabelledSet(name="theirs", file_name="f.csv", columns=[], lines=0, blob="b", sha256=""),
                OwnQuestion(outcome="y", task="custom:y"),
                ModelVersion(
                    task="clv", version=1, state="retired", verdict="empty", as_of=now.date(), watermark=now, snapshot="", seed=1
                ),
            ]
        )
    assert runtime.urls.superuser is not None
    engine = create_engine(runtime.urls.superuser, poolclass=NullPool)
    with engine.connect() as connection:
        tables = connection.execute(
            text(
                "SELECT quote_ident(a.table_schema) || '.' || quote_ident(a.table_name) FROM information_schema.columns a "
                "JOIN information_schema.columns b USING (table_schema, table_name) "
                "WHERE a.column_name = 'public_id' AND b.column_name = 'tenant_id'"
            )
        ).scalars()
        found = [
            str(value)
            for table in list(tables)
            for value in connection.execute(
                text(f"SELECT public_id FROM {table} WHERE tenant_id = :tenant"), {"tenant": other_tenant.id}
            ).scalars()
        ]
    engine.dispose()
    assert len(found) >= 10
    return found


def test_every_route_answers_404_to_ids_of_another_company(
    client_for: Callable[..., Any], web: Flask, tenant: TenantContext, theirs: list[str]
) -> None:
    client = client_for("owner")
    asked = 0
    for rule in web.url_map.iter_rules():
        names = [name for name, kind in rule._converters.items() if type(kind).__name__ == "UUIDConverter"]
        if not names or not ("<slug>" in rule.rule or rule.rule.startswith("/api/v1/")):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for public_id in theirs:
                where, whose = address(web, rule, names, public_id, tenant.slug), {"X-Kith-Tenant": tenant.slug}
                answer = client.open(where, method=method, headers=whose, **sent(web, rule, method))
                asked += 1
                assert answer.status_code == 404, f"{method} {rule.rule} {public_id}: {answer.status_code}"
    assert asked > 100


def sent(web: Flask, rule: Rule, method: str) -> dict[str, Any]:
    """What a caller sends who knows the route: JSON after its own schema, or a form, of which the thing comes first."""
    spec = web.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    item = spec["paths"].get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), {})
    content = item.get(method.lower(), {}).get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return {"json": example(spec, content["application/json"]["schema"])}
    return {"data": {}}


def example(spec: dict[str, Any], schema: dict[str, Any]) -> Any:
    """The least that a schema accepts."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        return example(spec, spec["components"]["schemas"][name])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "uuid":
        return "00000000-0000-0000-0000-000000000007"
    kind = schema.get("type", "object")
    if kind == "object":
        return {key: example(spec, schema["properties"][key]) for key in schema.get("required", ())}
    simple: dict[str, Any] = {"array": [], "boolean": False, "integer": 1, "number": 1.0, "string": "a"}
    return simple[kind if isinstance(kind, str) else kind[0]]


def address(web: Flask, rule: Rule, names: list[str], public_id: str, slug: str) -> str:
    values: dict[str, Any] = dict.fromkeys(rule._converters, "clv")
    values.update(dict.fromkeys(names, public_id))
    if "slug" in values:
        values["slug"] = slug
    with web.test_request_context():
        return web.url_map.bind("").build(rule.endpoint, values, force_external=False)
