"""The real files of ../shared/data: all their lines are read, and their columns are understood."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from kith_platform.facts.catalogue import CORE_FACTS
from kith_platform.imports.preview import Preview, dialect_of, preview, read
from kith_platform.imports.reading import chunks

DATA = Path(__file__).parents[3].parent / "shared" / "data"
FACTS = {fact.name: fact for fact in CORE_FACTS}
ROWS = {
    "aus_production.csv": 218,
    "bank_additional.csv": 4_119,
    "cdnow_sample.txt": 6_919,
    "febrl1.csv": 1_000,
    "online_retail_2010-12_2011-02.csv": 105_335,
    "completejourney/campaigns.csv": 6_589,
    "completejourney/coupon_redemptions.csv": 2_102,
    "completejourney/products.csv": 92_331,
    "completejourney/transactions_sample.csv": 75_000,
    "ravenstack/accounts.csv": 500,
    "ravenstack/subscriptions.csv": 5_000,
    "ravenstack/feature_usage.csv": 25_000,
    "ravenstack/support_tickets.csv": 2_000,
    "ravenstack/churn_events.csv": 600,
}


def source(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"needs the real file ../shared/data/{name}")
    return path


def look(name: str, table: str) -> Preview:
    return preview(partial(source(name).open, "rb"), table, FACTS)


def targets(found: Preview) -> dict[object, str]:
    return {item.source: item.target for item in found.guess.mapping.fields}


@pytest.mark.parametrize("name", ROWS)
def test_every_line_of_a_real_file_is_read(name: str) -> None:
    path = source(name)
    opened = partial(path.open, "rb")
    found = list(chunks(opened, dialect_of(opened)))
    assert sum(chunk.rows.height for chunk in found) == ROWS[name]
    assert not any(chunk.rejected for chunk in found)
    assert found[-1].end.byte == path.stat().st_size


def test_cdnow_is_understood_without_header_and_order_ids() -> None:
    found = look("cdnow_sample.txt", "orders")
    expected = {1: "sales_order.customer", 3: "sales_order.ordered_at", 4: "sales_order.quantity", 5: "sales_order.net"}
    assert targets(found) == expected
    assert found.guess.mapping.unmapped == (2,)
    assert found.guess.missing_required == ()
    assert found.parsed["sales_order.customer"][0] == "00004"


def test_online_retail_is_a_wide_file_with_returns_and_damaged_ids() -> None:
    found = look("online_retail_2010-12_2011-02.csv", "orders")
    assert targets(found) == {
        "InvoiceNo": "sales_order.external_id",
        "StockCode": "order_line.product",
        "Description": "product.name",
        "Quantity": "order_line.quantity",
        "InvoiceDate": "sales_order.ordered_at",
        "UnitPrice": "order_line.unit_price",
        "CustomerID": "sales_order.customer",
        "Country": "customer_record.country",
    }
    assert found.guess.mapping.negative_quantity == "return"
    assert dict(found.guess.mapping.computed)["order_line.net"] == "quantity*unit_price"
    assert found.parsed["sales_order.customer"][0] == "17850"
    assert {"id_float", "negative_is_return"} <= {note.code for note in found.notes}


def test_completejourney_takes_the_amount_of_the_line() -> None:
    found = targets(look("completejourney/transactions_sample.csv", "orders"))
    assert found["sales_value"] == "order_line.net"
    assert found["basket_id"] == "sales_order.external_id"
    assert found["household_id"] == "sales_order.customer"
    assert found["transaction_timestamp"] == "sales_order.ordered_at"
    assert found["product_id"] == "order_line.product"


@pytest.mark.parametrize(
    ("name", "table", "column", "target"),
    [
        ("ravenstack/accounts.csv", "customers", "signup_date", "customer_record.since"),
        ("ravenstack/support_tickets.csv", "tickets", "submitted_at", "ticket.opened_at"),
        ("ravenstack/support_tickets.csv", "tickets", "closed_at", "ticket.resolved_at"),
        ("ravenstack/feature_usage.csv", "events", "usage_date", "event.happened_at"),
    ],
)
def test_ravenstacks_dates_have_the_day_first(name: str, table: str, column: str, target: str) -> None:
    mapping = look(name, table).guess.mapping
    field = mapping.field(target)
    assert field is not None
    assert field.source == column
    assert field.format.order == "dmy"


def test_all_values_of_the_wide_files_can_be_read() -> None:
    for name in ("online_retail_2010-12_2011-02.csv", "completejourney/transactions_sample.csv", "cdnow_sample.txt"):
        opened = partial(source(name).open, "rb")
        found = preview(opened, "orders", FACTS)
        for chunk in chunks(opened, found.dialect, rows=50_000):
            for item in found.guess.mapping.fields:
                assert read(chunk.rows, item, found.dialect, FACTS).wrong.null_count() == chunk.rows.height
