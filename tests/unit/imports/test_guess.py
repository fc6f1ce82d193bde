"""The first mapping of a file: what a user finds filled in before changing anything."""

from __future__ import annotations

import io
import json
from functools import partial

import pytest

from kith_platform.facts.catalogue import CORE_FACTS
from kith_platform.facts.insights import INSIGHTS
from kith_platform.facts.opinions import OPINIONS
from kith_platform.facts.returns import RETURNS
from kith_platform.facts.sales import SALES
from kith_platform.facts.stakeholders import STAKEHOLDERS
from kith_platform.facts.subscriptions import ENTITLEMENT, ONBOARDING_STEP
from kith_platform.facts.success import SUCCESS
from kith_platform.facts.tickets import TICKETS
from kith_platform.imports import layouts
from kith_platform.imports.mapping import Mapping, position
from kith_platform.imports.preview import Preview, preview
from kith_platform.imports.problems import FileProblem
from kith_platform.imports.words import words
from kith_platform.sdk.facts import Column, Fact, Kind

FACTS = layouts.tables(CORE_FACTS)


def look(text: str, table: str, **options: object) -> Preview:
    return preview(partial(io.BytesIO, text.encode()), table, FACTS, **options)  # type: ignore[arg-type]


def targets(found: Preview) -> dict[object, str]:
    return {item.source: item.target for item in found.guess.mapping.fields}


def test_headers_meet_in_any_spelling_and_script() -> None:
    assert words("InvoiceNo") == words("invoice_no") == words("Invoice No.") == "invoice_no"
    assert words("訂單編號") == words("订单编号")
    assert words("Größe (cm)") == "grosse"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("订单号,客户编号,下单时间,金额", ["external_id", "customer", "ordered_at", "net"]),
        ("訂單編號,客戶編號,下單時間,金額", ["external_id", "customer", "ordered_at", "net"]),
        ("Order ID,Customer ID,Order Date,Total", ["external_id", "customer", "ordered_at", "net"]),
        ("orderNo,clientId,createdAt,netAmount", ["external_id", "customer", "ordered_at", "net"]),
    ],
)
def test_orders_are_known_by_their_header_in_three_languages(header: str, expected: list[str]) -> None:
    found = look(header + "\nA1,007,2026-01-05 10:00:00,12.50\nA2,008,2026-01-06 11:00:00,3.00\n", "orders")
    assert list(targets(found).values()) == [f"sales_order.{name}" for name in expected]
    assert found.guess.missing_required == ()
    assert found.raw[0][1] == "007"


def test_a_wide_file_fills_lines_orders_products_and_customers() -> None:
    header = "order_id,order_date,customer_id,customer_name,billing_email,sku,product_name,qty,unit_price\n"
    found = look(header + "1,13/02/2026,9,Ann,a@b.c,S1,Tea,2,3.50\n1,14/02/2026,9,Ann,a@b.c,S2,Cup,-1,4.00\n", "orders")
    assert set(targets(found).values()) == {
        "sales_order.external_id",
        "sales_order.ordered_at",
        "sales_order.customer",
        "customer_record.name",
        "customer_record.email",
        "order_line.product",
        "product.name",
        "order_line.quantity",
        "order_line.unit_price",
    }
    mapping = found.guess.mapping
    assert dict(mapping.computed) == {"order_line.net": "quantity*unit_price", "sales_order.net": "sum(lines)"}
    assert mapping.negative_quantity == "return"
    assert mapping.field("sales_order.ordered_at").format.order == "dmy"  # type: ignore[union-attr]
    assert {"computed_net", "negative_is_return"} <= {note.code for note in found.notes}


@pytest.mark.parametrize(
    "header",
    [
        "subscription_id,account_id,start_date,end_date,plan_tier,mrr_amount",
        "Contract No,Customer ID,Start,End,Plan,Monthly fee",
        "订阅编号,客户编号,开始日期,结束日期,套餐,月费",
        "訂閱編號,客戶編號,開始日期,結束日期,方案,月費",
    ],
)
def test_a_list_of_subscriptions_is_known_by_its_header_in_three_languages(header: str) -> None:
    found = look(header + "\nS1,A1,23/12/2023,01/02/2024,Pro,250.50\nS2,A2,24/12/2023,,Basic,19\n", "subscriptions")
    names = ["external_id", "customer", "started_at", "ended_at", "plan", "mrr"]
    assert list(targets(found).values()) == [f"subscription.{name}" for name in names]
    orders = {item.name: item.format.order for item in found.guess.mapping.fields}
    assert (orders["started_at"], orders["ended_at"]) == ("dmy", "dmy"), "01/02 is read as 24/12 is"
    assert found.guess.missing_required == ()


def test_usage_needs_no_customer_where_it_names_a_subscription() -> None:
    found = look("subscription_id,usage_date,feature_name\nS1,2024-01-05,login\n", "events")
    assert targets(found)["subscription_id"] == "event.subscription"
    assert found.guess.missing_required == ()
    both = look("subscription_id,customer_id,usage_date,feature_name\nS1,C1,2024-01-05,login\n", "events")
    assert "event.subscription" not in targets(both).values(), "whose it is the customer's number says"
    assert both.guess.mapping.unmapped == ("subscription_id",)


def test_a_file_without_header_is_known_by_position_and_content() -> None:
    found = look("007 1 19970101 2 29.33\n007 1 19970118 1 14.96\n008 2 19970101 3 63.34\n", "orders")
    expected = {1: "sales_order.customer", 3: "sales_order.ordered_at", 4: "sales_order.quantity", 5: "sales_order.net"}
    assert targets(found) == expected
    assert found.guess.mapping.unmapped == (2,)


def test_customers_without_header_are_known_by_what_they_hold() -> None:
    found = look("K-1,ann@x.org,Ann Lee\nK-2,bob@x.org,Bob Ray\n", "customers")
    assert targets(found) == {1: "customer_record.external_id", 2: "customer_record.email", 3: "customer_record.name"}


def test_a_missing_required_column_is_named() -> None:
    found = look("order_id,total\n1,2.00\n", "orders")
    assert found.guess.missing_required == ("sales_order.ordered_at", "sales_order.customer")


def test_values_that_cannot_be_read_are_counted_with_their_first_line() -> None:
    found = look(
        "customer_id,order_date,total\n1,2026-01-01,5\n2,2026-02-31,x\n3,soon,6\n4,2026-03-01,7\n5,2026-03-02,8\n", "orders"
    )
    problems = {(item.target, item.reason, item.count, item.line) for item in found.problems}
    assert problems == {("sales_order.ordered_at", "not_date", 2, 3), ("sales_order.net", "not_number", 1, 3)}


def test_a_word_in_the_header_is_not_believed_against_the_values() -> None:
    found = look("customer_id,date,created_at,total\n1,monday,2026-01-01,5\n2,friday,2026-01-02,6\n", "orders")
    assert targets(found)["created_at"] == "sales_order.ordered_at"
    assert "date" in found.guess.mapping.unmapped


def test_facts_of_a_plugin_are_guessed_by_their_own_words() -> None:
    visit = Fact(
        name="store_visit",
        plural="store_visits",
        label="Visit",
        label_plural="Visits",
        occurred="visited_at",
        columns=(
            Column(name="visited_at", kind=Kind.TIME, label="Visited", required=True, aliases=("到店时间",)),
            Column(name="minutes", kind=Kind.INTEGER, label="Minutes"),
        ),
    )
    data = "会员号,到店时间,Minutes\n1,2026-01-01 10:00,5\n".encode()
    found = preview(partial(io.BytesIO, data), "store_visits", {**FACTS, "store_visit": visit})
    assert list(targets(found).values()) == ["store_visit.customer", "store_visit.visited_at", "store_visit.minutes"]


def test_a_mapping_survives_json_and_is_used_again_by_the_next_file() -> None:
    found = look("Kunde;Datum;Summe\n007;13.02.2026;1.234,50\n008;14.02.2026;2,00\n", "orders")
    saved = {
        "version": 1,
        "table": "orders",
        "fields": [
            {"source": "Kunde", "target": "sales_order.customer"},
            {"source": "Datum", "target": "sales_order.ordered_at", "format": {"order": "dmy"}},
            {"source": 3, "target": "sales_order.net", "format": {"decimal": ","}},
        ],
        "dialect": {"delimiter": ";"},
    }
    mapping = Mapping.from_json(json.loads(json.dumps(saved)))
    assert Mapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping
    again = look("Kunde;Datum;Summe\n007;03.02.2026;1.234,50\n", "orders", mapping=mapping)
    assert again.problems == ()
    assert str(again.parsed["sales_order.net"][0]) == "1234.5000"
    guess = found.guess.mapping
    assert Mapping.from_json(guess.to_json()) == guess


@pytest.mark.parametrize(
    "data",
    [
        *(None, [], {}, {"table": "orders"}),
        {"table": "orders", "fields": [{"source": "", "target": "a.b"}]},
        {"table": "orders", "fields": [{"source": "a", "target": "ab"}]},
        {"table": "orders", "fields": [{"source": "a", "target": "a.b", "format": {"order": "ydm"}}]},
        {"table": "orders", "fields": [], "version": 9},
        {"table": "orders", "fields": [], "dialect": {"sep": ";"}},
        {"table": "orders", "fields": [], "negative_quantity": "x"},
    ],
)
def test_a_broken_mapping_is_refused_saying_why(data: object) -> None:
    with pytest.raises(FileProblem) as raised:
        Mapping.from_json(data)
    assert raised.value.code == "mapping"


def test_a_mapping_for_other_columns_names_what_is_missing_and_what_is_there() -> None:
    found = look("order_id,total\n1,2.00\n", "orders")
    with pytest.raises(FileProblem, match=r"“Datum”.*order_id, total"):
        position("Datum", found.dialect)
    with pytest.raises(FileProblem, match="orders"):
        look("a,b\n1,2\n", "ordres")


FURTHER = (*SALES, *SUCCESS, *RETURNS, *INSIGHTS, *STAKEHOLDERS, *TICKETS, *OPINIONS, ENTITLEMENT, ONBOARDING_STEP)


@pytest.mark.parametrize("fact", FURTHER, ids=lambda fact: fact.name)
@pytest.mark.parametrize("which", [0, -1], ids=["simplified", "traditional"])
def test_every_column_of_a_fact_is_known_by_its_chinese_name_in_both_scripts(fact: Fact, which: int) -> None:
    chinese = {one.name: [word for word in one.aliases if not word.isascii()] for one in fact.columns}
    names = {words[which]: name for name, words in chinese.items() if words}
    assert len(names) == sum(map(bool, chinese.values())), "two columns go by one name"
    found = targets(look(",".join(names) + "\n", fact.plural))
    assert found == {word: f"{fact.name}.{name}" for word, name in names.items()}
