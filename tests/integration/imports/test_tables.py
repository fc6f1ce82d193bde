"""A small file for each table, as a business would export it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from kith_platform.audit.models import AuditEntry
from kith_platform.customers.models import Customer, CustomerIdentity, CustomerToken
from kith_platform.facts.models import (
    Activity,
    AttributeChange,
    Consent,
    CustomerRecord,
    Event,
    FxRate,
    Invoice,
    OrderLine,
    OrderStatus,
    Payment,
    Product,
    ReturnLine,
    SalesOrder,
    SubscriptionEvent,
    SurveyResponse,
    Ticket,
    Touch,
)
from kith_platform.imports.service import MissingColumns
from kith_platform.refresh.models import RefreshWish

CUSTOMERS = """customer_id,name,email,phone,city,since
C1,Ada Lovelace,Ada@Example.com,+44 20 7946 0018,London,2020-02-29
C2,王小明,wang@example.cn,,上海,2021-05-01
C3,,,,,
"""
ORDERS = """order_id,customer_id,order_date,amount,currency,status
0001,C1,2024-03-05 10:30,100.50,EUR,paid
0002,C2,2024-03-06,20,,Cancelled
0003,,2024-03-07,5,USD,
0004,C9,2024-03-08,7.25,usd,placed
"""
WIDE = """order_id,order_date,customer_id,sku,description,quantity,unit_price,discount
A,2024-01-01,C1,P1,Tea,2,3.50,1
A,2024-01-01,C1,P2,Cup,1,10,0
B,2024-01-02,C2,P1,Tea,-1,3.50,0
C,2024-01-03,,P3,Pot,1,40,
"""
SMALL: tuple[tuple[str, str, Any], ...] = (
    ("products", "product_id,name,category,price\nP1,Tea,Food,3.5\nP2,Cup,Home,10\n", Product),
    ("returns", "return_id,return_date,customer_id,order_id,sku,quantity,refund\nR1,2024-02-01,C1,0001,P1,1,3.5\n", ReturnLine),
    ("invoices", "invoice_no,customer_id,invoice_date,due_date,total\nI1,C1,2024-02-01,2031-03-01,99\n", Invoice),
    ("payments", "payment_id,customer_id,payment_date,paid,invoice_id,success\nY1,C1,2024-02-03,99,I1,yes\n", Payment),
    ("subscription_events", "customer_id,date,event,mrr\nC1,2024-01-01,started,49\nC1,2024-05-01,Paused,\n", SubscriptionEvent),
    ("tickets", "ticket_id,customer_id,submitted_at,subject,closed_at\nT1,C1,2024-01-01 09:00,Broken,2024-01-02 09:00\n", Ticket),
    ("survey_responses", "response_id,customer_id,sent_at,type,score\nS1,C1,2024-01-01,NPS,9\n", SurveyResponse),
    ("activities", "activity_id,customer_id,call_date,type,agent\nV1,C1,2024-01-01,call,Bo\n", Activity),
    ("touches", "message_id,customer_id,sent_at,campaign,channel,opened_at\nM1,C1,2024-01-01,Spring,mail,2024-01-02\n", Touch),
    ("consents", "customer_id,date,channel,status\nC1,2024-01-01,mail,granted\nC2,2024-01-01,mail,refused\n", Consent),
    ("attribute_changes", "customer_id,date,attribute,value\nC1,2024-01-01,tier,gold\nC1,2024-02-01,tier,b\n", AttributeChange),
)  # fmt: skip


def test_customers_get_names_identities_and_search_words(company: Any) -> None:
    result = company.load("customers", CUSTOMERS)
    assert (result["read"], result["inserted"]) == (3, 3)
    assert result["made"]["customer"] == {"inserted": 3}
    assert company.rows(Customer, "name", "email") == [
        ("Ada Lovelace", "Ada@Example.com"),
        ("C3", ""),
        ("王小明", "wang@example.cn"),
    ]
    assert ("email", "ada@example.com") in company.rows(CustomerIdentity, "kind", "value")
    assert ("小明",) in company.rows(CustomerToken, "token")
    dated = dict(company.rows(CustomerRecord, "external_id", "known_at"))
    assert dated["C1"] == dt.datetime(2020, 2, 29, tzinfo=dt.UTC)


def test_orders_of_unknown_and_of_no_customer_are_kept(company: Any) -> None:
    result = company.load("orders", ORDERS)
    assert result["inserted"] == 4
    assert result["made"]["customer_record"] == {"inserted": 3}
    assert company.rows(SalesOrder, "external_id", "net", "currency", "status") == [
        ("0001", Decimal("100.5000"), "EUR", "paid"),
        ("0002", Decimal("20.0000"), "USD", "cancelled"),
        ("0003", Decimal("5.0000"), "USD", None),
        ("0004", Decimal("7.2500"), "USD", "placed"),
    ]
    assert sum(record is None for (record,) in company.rows(SalesOrder, "record_id")) == 1


def test_customers_and_orders_give_the_same_in_either_order(company: Any, make_company: Callable[..., Any]) -> None:
    other = make_company()
    company.load("customers", CUSTOMERS)
    company.load("orders", ORDERS)
    other.load("orders", ORDERS)
    other.load("customers", CUSTOMERS)
    for fact, columns in (
        (CustomerRecord, ("external_id", "name", "email", "since", "known_at", "raw")),
        (Customer, ("name", "email", "phone", "city")),
        (SalesOrder, ("external_id", "net", "occurred_at", "occurred_on", "day_only", "known_at")),
    ):
        assert company.rows(fact, *columns) == other.rows(fact, *columns)


def test_a_wide_file_makes_everything_it_names(company: Any) -> None:
    result = company.load("orders", WIDE)
    assert (result["read"], result["inserted"]) == (4, 4)
    assert company.rows(SalesOrder, "external_id", "net", "quantity") == [
        ("A", Decimal("16.0000"), Decimal("3.0000")),
        ("C", Decimal("40.0000"), Decimal("1.0000")),
    ]
    assert company.rows(ReturnLine, "quantity", "net") == [(Decimal("1.0000"), Decimal("3.5000"))]
    assert company.rows(Product, "external_id", "name") == [("P1", "Tea"), ("P2", "Cup"), ("P3", "Pot")]
    again = company.load("orders", WIDE)
    assert (again["unchanged"], again["inserted"], again["updated"]) == (4, 0, 0)


def test_lines_in_another_currency_leave_their_orders_in_it(company: Any) -> None:
    """The lines' file has customer and time too, so it may make orders; tax stands by line, and is not the order's."""
    orders = "order_id,customer_id,order_date,net,tax,currency\nA,C1,2024-01-01,9,1.5,JPY\n"
    lines = "line_id,order_id,customer_id,sold_at,product_id,quantity,net,tax,currency\n"
    rows = ("1,A,C1,2024-01-01,P1,1,4,.5,JPY\n", "2,A,C1,2024-01-01,P2,1,5,1,JPY\n", "3,B,C1,2024-01-02,P1,1,4,.5,JPY\n")
    company.load("orders", orders)
    company.load("order_lines", lines + "".join(rows))
    assert company.rows(SalesOrder, "external_id", "net", "tax", "currency") == [
        ("A", Decimal("9.0000"), Decimal("1.5000"), "JPY"),
        ("B", Decimal("4.0000"), None, "JPY"),
    ]


def test_lines_numbered_within_their_order_are_all_kept(company: Any) -> None:
    text = "order_id,line_no,order_date,customer_id,sku,quantity,net\n" + "".join(
        f"{order},{line},2024-01-01,C1,P{line},1,2\n" for order in "ABC" for line in (1, 2)
    )
    assert company.load("orders", text)["inserted"] == 6
    assert company.count(OrderLine) == 6


def test_what_a_customer_buys_at_one_time_is_one_order_where_the_file_has_no_order_ids(company: Any) -> None:
    text = "customer_id,order_date,sku,quantity,net\nC1,2024-01-01,P1,1,2\nC1,2024-01-01,P2,1,3\nC1,2024-01-02,P1,1,2\n"
    assert company.load("orders", text)["inserted"] == 3
    assert company.rows(SalesOrder, "net") == [(Decimal("2.0000"),), (Decimal("5.0000"),)]


def test_lines_alone_take_time_and_customer_from_their_orders(company: Any) -> None:
    company.load("orders", "order_id,customer_id,order_date\n0001,C1,2024-03-05\n0002,C2,2024-03-06\n")
    lines = "order_id,sku,quantity,line_total\n0001,P1,2,7\n0001,P2,1,3\n0002,P1,1,3.5\n0777,P1,1,3.5\n"
    result = company.load("order_lines", lines)
    assert (result["inserted"], result["rejected"]) == (3, 1)
    assert company.rows(OrderLine, "occurred_on") == [(dt.date(2024, 3, 5),)] * 2 + [(dt.date(2024, 3, 6),)]
    assert all(record for (record,) in company.rows(OrderLine, "record_id"))
    assert company.rows(SalesOrder, "net") == [(Decimal("10.0000"),), (Decimal("3.5000"),)]
    company.load("orders", "order_id,customer_id,order_date\n0777,C1,2024-03-07\n")
    assert company.load("order_lines", lines)["inserted"] == 1


def test_lines_leave_the_amount_that_an_order_has(company: Any) -> None:
    company.load("orders", "order_id,customer_id,order_date,amount\n0001,C1,2024-03-05,12\n")
    company.load("order_lines", "order_id,sku,quantity,line_total\n0001,P1,2,7\n0001,P2,1,3\n")
    assert company.rows(SalesOrder, "net", "quantity") == [(Decimal("12.0000"), Decimal("3.0000"))]


def test_states_of_unknown_orders_are_refused_and_of_known_ones_taken(company: Any) -> None:
    company.load("orders", ORDERS)
    result = company.load("order_statuses", "order_id,date,status\n0001,2024-03-06,shipped\nX,2024-03-06,shipped\n")
    assert (result["inserted"], result["rejected"]) == (1, 1)
    assert company.rows(OrderStatus, "status") == [("shipped",)]


@pytest.mark.parametrize(("table", "text", "fact"), SMALL, ids=[table for table, _, _ in SMALL])
def test_a_small_file_of_each_table_loads_and_changes_nothing_the_second_time(
    company: Any, table: str, text: str, fact: Any
) -> None:
    lines = text.count("\n") - 1
    assert company.load(table, text)["inserted"] == lines
    again = company.load(table, text)
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, lines)
    assert company.count(fact) == lines


def test_events_are_counted_even_where_they_are_alike(company: Any) -> None:
    text = "customer_id,date,event\n" + "C1,2024-01-01 10:00,login\n" * 3
    result = company.load("events", text)
    assert (result["inserted"], company.count(Event)) == (3, 3)
    assert company.load("events", text)["unchanged"] == 3


def test_ids_that_lead_nowhere_are_counted(company: Any) -> None:
    result = company.load("tickets", "ticket_id,customer_id,submitted_at,order_id\nT1,C1,2024-01-01,0009\nT2,C1,2024-01-01,\n")
    assert result["made"]["unresolved"] == {"ticket.order_id": 1}


def test_rates_are_one_a_day_and_currency(company: Any) -> None:
    text = "date,currency,rate\n2024-01-01,eur,1.1\n2024-01-02,EUR,1.2\n2024-01-02,EUR,1.3\n2024-01-02,Euro,1\n,EUR,1\n"
    result = company.load("fx_rates", text)
    assert (result["inserted"], result["duplicate"], result["rejected"]) == (2, 1, 2)
    assert company.rows(FxRate, "occurred_on", "currency_from", "rate") == [
        (dt.date(2024, 1, 1), "EUR", Decimal("1.1000000000")),
        (dt.date(2024, 1, 2), "EUR", Decimal("1.3000000000")),
    ]


def test_a_time_is_of_the_companys_zone_and_a_day_is_that_day(make_company: Callable[..., Any]) -> None:
    shanghai = make_company(timezone="Asia/Shanghai")
    shanghai.load(
        "orders",
        "order_id,customer_id,order_date\n1,C1,2024-03-05 01:30\n2,C1,2024-03-05\n3,C1,2024-03-05T20:00:00Z\n",
    )
    assert shanghai.rows(SalesOrder, "external_id", "occurred_at", "occurred_on", "day_only") == [
        ("1", dt.datetime(2024, 3, 4, 17, 30, tzinfo=dt.UTC), dt.date(2024, 3, 5), False),
        ("2", dt.datetime(2024, 3, 4, 16, 0, tzinfo=dt.UTC), dt.date(2024, 3, 5), True),
        ("3", dt.datetime(2024, 3, 5, 20, 0, tzinfo=dt.UTC), dt.date(2024, 3, 6), False),
    ]  # fmt: skip


def test_days_that_cannot_be_are_refused(company: Any) -> None:
    text = "order_id,customer_id,order_date\n1,C1,2924-01-01\n2,C1,1024-01-01\n3,C1,31/02/2024\n4,C1,\n5,C1,2024-01-01\n"
    result = company.load("orders", text)
    assert (result["inserted"], result["rejected"]) == (1, 4)


def test_a_constant_stands_for_a_column_that_the_file_lacks(company: Any) -> None:
    text = "customer_id,date,mrr\nC1,2024-01-01,49\n"
    with pytest.raises(MissingColumns, match=r"subscription_event\.kind"):
        company.ask("subscription_events", text)
    fields = [("customer_id", "customer"), ("date", "happened_at"), ("mrr", "mrr")]
    mapping = {
        "table": "subscription_events",
        "fields": [{"source": source, "target": f"subscription_event.{target}"} for source, target in fields],
        "constants": {"subscription_event.kind": "started"},
    }
    assert company.load("subscription_events", text, mapping=mapping)["inserted"] == 1
    assert company.rows(SubscriptionEvent, "kind") == [("started",)]


def test_a_files_own_words_become_the_declared_ones(company: Any) -> None:
    fields: list[dict[str, Any]] = [
        {"source": "order_id", "target": "sales_order.external_id"},
        {"source": "customer_id", "target": "sales_order.customer"},
        {"source": "date", "target": "sales_order.ordered_at"},
        {"source": "state", "target": "sales_order.status", "format": {"values": {"已付款": "paid"}}},
    ]
    text = "order_id,customer_id,date,state\n1,C1,2024-01-01,已付款\n2,C1,2024-01-01,???\n"
    result = company.load("orders", text, mapping={"table": "orders", "fields": fields})
    assert (result["inserted"], result["rejected"]) == (1, 1)
    assert company.rows(SalesOrder, "status") == [("paid",)]


def test_a_line_of_a_wide_file_that_says_nothing_of_the_customer_erases_nothing(company: Any) -> None:
    head = "order_id,order_date,customer_id,email,sku,quantity,net\n"
    company.load("orders", head + "A,2024-01-01,C1,ada@example.com,P1,1,2\nA,2024-01-01,C1,,P2,1,2\n")
    company.load("orders", head + "B,2024-01-02,C1,,P1,1,2\n")
    assert company.rows(CustomerRecord, "email") == [("ada@example.com",)]


def test_a_key_twice_in_a_file_is_a_duplicate_and_the_last_wins(company: Any) -> None:
    result = company.load("customers", "customer_id,name\nC1,Old\nC1,New\nC2,Bo\n")
    assert (result["inserted"], result["duplicate"]) == (2, 1)
    assert company.rows(Customer, "name") == [("Bo",), ("New",)]


def test_a_dry_run_tells_and_changes_nothing(company: Any) -> None:
    result = company.load("orders", ORDERS + "5,C1,not a day,1,,\n", dry_run=True)
    assert (result["inserted"], result["rejected"]) == (4, 1)
    assert result["rejects"]
    assert company.count(SalesOrder) == company.count(CustomerRecord) == 0


def test_an_import_leaves_an_audit_entry_and_asks_for_a_refresh(company: Any) -> None:
    company.load("orders", ORDERS, dry_run=True)
    assert company.rows(AuditEntry, "action") == company.rows(RefreshWish, "wishes") == []
    company.load("orders", ORDERS)
    assert company.rows(AuditEntry, "action", "actor_name") == [("import:started", "Kith")]
    assert company.rows(RefreshWish, "wishes") == [(1,)]
    company.load("orders", ORDERS)
    assert company.rows(RefreshWish, "wishes") == [(1,)], "nothing new, nothing to refresh"
