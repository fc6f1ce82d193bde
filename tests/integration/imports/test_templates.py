"""A file of a well-known system: recognised on its page, loaded with one click, through the API and on the command line."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kith_platform.cli.imports import import_
from kith_platform.errors import Invalid
from kith_platform.facts.models import CustomerRecord, OrderLine, Payment, SalesOrder
from kith_platform.imports import service, templates, uploads
from kith_platform.imports.models import Import
from kith_platform.jobs.models import Job
from kith_platform.modules import service as modules
from kith_platform.servers.programs import environment

SHOPIFY = (
    "Name,Email,Financial Status,Currency,Subtotal,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
    "Lineitem sku,Billing Name,Billing Country\n"
    "#1001,ana@kith.example,refunded,EUR,50.00,9.50,64.40,2026-02-03 10:11:12 +0100,2,Filter paper,10.00,FP-1,Ana Duarte,PT\n"
    "#1001,ana@kith.example,,,,,,2026-02-03 10:11:12 +0100,1,Kettle,30.00,KT-1,,\n"
    "#1002,bo@kith.example,paid,EUR,10.00,1.90,11.90,2026-02-04 09:00:00 +0100,1,Filter paper,10.00,FP-1,Bo Lind,SE\n"
)
STRIPE = "id,Created date (UTC),Amount,Currency,Captured,Customer ID\nch_1,2026-02-03 10:11:12,129.90,eur,true,cus_1\n"


@pytest.fixture
def retailer(company: Any) -> Any:
    """A company whose retail module is on."""
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        modules.enable_defaults(session, company.runtime.plugins, "retail")
    return company


def upload(client: Any, text: str, table: str) -> str:
    form = {"table": table, "source": "web", "file": (io.BytesIO(text.encode()), "export.csv")}
    location: str = client.post(f"/c/{client.slug}/imports/new", data=form, content_type="multipart/form-data").location
    return location


def test_one_click_takes_the_columns_of_the_system_it_looks_like(retailer: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    draft = upload(client, SHOPIFY, "orders")
    assert "This looks like: Shopify orders." in client.get(draft).text
    done = client.post(f"{draft}/template", data={"template": "shopify_orders"})
    assert done.location == draft
    page = client.get(draft).text
    assert "This looks like" not in page
    assert 'value="sales_order.status" selected' in page
    with retailer.runtime.doors.tenant_scope(retailer.tenant.id) as session:
        mapping = session.query(Import).one().mapping
    assert {one["source"]: one["target"] for one in mapping["fields"]}["Lineitem sku"] == "order_line.product"


def test_the_table_follows_the_template(retailer: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    draft = upload(client, STRIPE, "orders")
    client.post(f"{draft}/template", data={"template": "stripe_payments"})
    with retailer.runtime.doors.tenant_scope(retailer.tenant.id) as session:
        assert session.query(Import).one().table_name == "payments"
    assert client.post(f"{draft}/template", data={"template": "nothing_such"}).status_code == 422


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "这看起来是"), ("zh-TW", "這看起來是")])
def test_the_offer_speaks_chinese(retailer: Any, client_for: Callable[..., Any], language: str, words: str) -> None:
    client = client_for("analyst")
    client.set_cookie("kith_language", language)
    assert words in client.get(upload(client, SHOPIFY, "orders")).text


def test_a_module_that_is_off_offers_nothing(company: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    draft = upload(client, SHOPIFY, "orders")
    assert "This looks like" not in client.get(draft).text
    assert client.post(f"{draft}/template", data={"template": "shopify_orders"}).status_code == 422
    keys = [
        one["key"] for one in client.get("/api/v1/imports/templates", headers={"X-Kith-Tenant": client.slug}).json["templates"]
    ]
    assert "salesforce_contacts" in keys
    assert "shopify_orders" not in keys


def test_nobody_uses_a_template_on_another_companys_draft(
    retailer: Any, client_for: Callable[..., Any], other_tenant: Any
) -> None:
    draft = upload(client_for("analyst"), SHOPIFY, "orders")
    stranger = client_for("owner", tenant=other_tenant)
    public_id = draft.rstrip("/").rpartition("/")[2]
    answer = stranger.post(f"/c/{stranger.slug}/imports/{public_id}/template", data={"template": "stripe_payments"})
    assert answer.status_code == 404


def test_programs_name_the_template_and_are_told_which_one_fits(retailer: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    head = {"X-Kith-Tenant": client.slug}
    form = {"table": "payments", "template": "stripe_payments", "start": "false"}
    made = client.post("/api/v1/imports", data={**form, "file": (io.BytesIO(STRIPE.encode()), "p.csv")}, headers=head)
    assert made.status_code == 201
    look = client.get(f"/api/v1/imports/{made.json['id']}/preview", headers=head).json
    assert look["looks_like"] == "stripe_payments"
    assert look["missing"] == []
    wrong = {"table": "orders", "template": "stripe_payments", "file": (io.BytesIO(STRIPE.encode()), "p.csv")}
    assert client.post("/api/v1/imports", data=wrong, headers=head).status_code == 422


def test_the_command_line_loads_by_template(retailer: Any, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(SHOPIFY, "utf-8")

    def go(*words: str, table: str = "orders") -> Any:
        line = [retailer.tenant.slug, table, str(path), "--source", "shopify", *words]
        return CliRunner().invoke(import_, line, env=environment(retailer.runtime.settings))

    assert "This looks like: Shopify orders. To use its columns: --template shopify_orders" in go("--dry-run").stderr
    assert go("--template", "shopify_orders", "--no-wait").exit_code == 0
    run_waiting(retailer)
    assert retailer.count(SalesOrder) == 2
    assert retailer.count(OrderLine) == 3
    rows = {row.external_id: (row.status, float(row.net), row.currency) for row in all_of(retailer, SalesOrder)}
    assert rows == {"#1001": ("returned", 50.0, "EUR"), "#1002": ("paid", 10.0, "EUR")}
    assert {row.external_id: row.name for row in all_of(retailer, CustomerRecord)} == {
        "ana@kith.example": "Ana Duarte",
        "bo@kith.example": "Bo Lind",
    }
    path.write_text(STRIPE, "utf-8")
    assert isinstance(go("--template", "stripe_payments").exception, Invalid)
    assert go("--template", "stripe_payments", "--no-wait", table="payments").exit_code == 0
    run_waiting(retailer)
    assert [float(row.amount) for row in all_of(retailer, Payment)] == [129.9]


def run_waiting(company: Any) -> None:
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        row = next(row for row in service.listing(session) if row.state == "waiting")
        job = session.get_one(Job, (row.tenant_id, row.job_id))
    company.run(job)


def all_of(company: Any, rows: Any) -> list[Any]:
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        found = session.query(rows).all()
        session.expunge_all()
    return list(found)


def test_a_confirmed_mapping_of_ones_own_comes_before_the_template(retailer: Any, client_for: Callable[..., Any]) -> None:
    client, held = client_for("analyst"), retailer.runtime
    with held.doors.tenant_scope(retailer.tenant.id) as session:
        blobs = held.blobs.of(retailer.tenant.id)
        kept = uploads.keep_file(blobs, io.BytesIO(SHOPIFY.encode()))
        template = templates.named(templates.offered(session, held.plugins), "shopify_orders")
        seen = service.look(session, held.facts, blobs, kept.blob, "orders", source="web", template=template)
        own = replace(seen.guess.mapping, fields=tuple(one for one in seen.guess.mapping.fields if one.source != "Lineitem sku"))
        seen = service.look(session, held.facts, blobs, kept.blob, "orders", source="web", mapping=own)
        service.start(session, None, table="orders", source="web", file_name="one.csv", kept=kept, seen=seen)
    assert "This looks like" not in client.get(upload(client, SHOPIFY, "orders")).text
