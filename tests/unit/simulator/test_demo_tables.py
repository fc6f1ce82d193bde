"""The tables of a demo company: what an import would trip over must not be in them."""

import re
from datetime import date
from itertools import pairwise
from typing import get_args

import phonenumbers
import polars as pl
import pytest

from kith_platform.simulator import Company, CompanyKind, Regime, simulate, write_csv
from kith_platform.simulator.people import phone

ENDS = date(2026, 6, 30)
CASES = [(kind, regime) for kind in get_args(CompanyKind) for regime in get_args(Regime)]
KEYLESS = {"consents"}  # every other table has its row's id first
AHEAD = {
    "promised_on",
    "due_on",
    "expires_on",
    "reply_due_at",
    "sla_due_at",
    "due_at",
    "close_on",
    "ends_on",
    "starts_on",
    "for_month",
}


def make(kind: CompanyKind, regime: Regime, seed: int = 3, customers: int = 500) -> Company:
    return simulate(kind, regime=regime, customers=customers, years=2.5, seed=seed, ends_on=ENDS)


@pytest.fixture(scope="module", params=CASES, ids=[f"{kind}-{regime}" for kind, regime in CASES])
def company(request: pytest.FixtureRequest) -> Company:
    return make(*request.param)


def ordered(table: pl.DataFrame, *columns: str) -> None:
    """Each filled column is not before the filled one to its left."""
    for earlier, later in pairwise(columns):
        assert table.filter(pl.col(later) < pl.col(earlier)).is_empty(), f"{later} before {earlier}"


def test_one_seed_gives_one_company(company: Company) -> None:
    again = make(company.kind, company.regime)
    assert list(again.tables) == list(company.tables)
    for name, table in company.tables.items():
        assert table.write_csv() == again.tables[name].write_csv(), name


def test_another_seed_gives_another_company() -> None:
    one, two = (make("retailer", "misspecified", seed).tables["orders"] for seed in (1, 2))
    assert not one.equals(two)


def test_ids_are_unique_and_every_reference_is_found(company: Company) -> None:
    ids = {name: table.get_columns()[0] for name, table in company.tables.items() if name not in KEYLESS}
    known = {column.name: set(column) for column in ids.values()}
    for name, table in company.tables.items():
        if name in ids:
            assert ids[name].is_unique().all(), name
        for column in set(table.columns) & set(known):
            assert set(table[column].drop_nulls()) <= known[column], f"{name}.{column}"


def test_lines_and_orders_add_up_in_one_currency(company: Company) -> None:
    orders = company.tables["orders"].filter(pl.col("status") != "cancelled")
    lines = company.tables["order_lines"].group_by("order_id").agg(pl.col("net", "tax", "discount").sum().name.suffix("_lines"))
    both = orders.join(lines, on="order_id", how="left")
    for amount in ("net", "tax", "discount"):
        assert (both[amount] - both[f"{amount}_lines"]).abs().max() < 0.005
    paid = company.tables["payments"].join(orders, on="order_id", suffix="_order")
    assert (paid["amount"] - paid["net"] - paid["tax"]).abs().max() < 0.005
    for name, table in company.tables.items():
        if "currency" in table.columns:
            assert set(table["currency"]) <= {company.currency}, name
        for column in set(table.columns) & {"net", "tax", "discount", "amount", "unit_price", "cost", "list_price", "mrr"}:
            assert table.filter(pl.col(column) < 0).is_empty(), f"{name}.{column}"


def test_nothing_comes_before_its_cause(company: Company) -> None:
    tables = company.tables
    orders = tables["orders"].join(tables["customers"].select("customer_id", "since"), on="customer_id")
    orders = orders.with_columns(day=pl.col("ordered_at").dt.date())
    ordered(orders, "since", "day", "promised_on")
    ordered(orders, "day", "delivered_on")
    ordered(orders, "ordered_at", "status_at")
    ordered(tables["tickets"], "opened_at", "first_reply_at", "resolved_at")
    ordered(tables["survey_responses"], "sent_at", "answered_at")
    ordered(tables["activities"], "started_at", "ended_at")
    ordered(tables["touches"], "sent_at", "delivered_at", "opened_at", "clicked_at")
    ordered(tables["touches"], "opened_at", "unsubscribed_at")
    for name, moment in (("returns", "returned_at"), ("tickets", "opened_at"), ("survey_responses", "sent_at")):
        after = tables[name].join(orders.select("order_id", "ordered_at", "delivered_on"), on="order_id")
        ordered(after, "ordered_at", moment)
        ordered(after.with_columns(pl.col(moment).dt.date().alias("on")), "delivered_on", "on")
    if company.kind == "retailer":
        used = tables["coupon_redemptions"].join(tables["coupons"], on="coupon_id", suffix="_issued")
        ordered(used.with_columns(on=pl.col("redeemed_at").dt.date()), "issued_at", "redeemed_at")
        ordered(used.with_columns(on=pl.col("redeemed_at").dt.date()), "on", "expires_on")
        assert used.filter(pl.col("customer_id") != pl.col("customer_id_issued")).is_empty()


def test_nothing_has_happened_that_lies_in_the_future(company: Company) -> None:
    for name, table in company.tables.items():
        for column, kind in table.schema.items():
            if kind.is_temporal() and column not in AHEAD:
                latest = table[column].cast(pl.Date).max()
                assert latest is None or latest <= ENDS, f"{name}.{column}"


def test_contracts_run_from_start_to_cancellation() -> None:
    tables = make("subscription", "misspecified").tables
    events = tables["subscription_events"]
    assert set(events.group_by("subscription_id").first()["kind"]) == {"started"}
    ends = events.filter(pl.col("kind") == "cancelled").select("subscription_id", ended="happened_at")
    assert ends.height > 50
    assert ends["subscription_id"].is_unique().all()
    after = events.join(ends, on="subscription_id").filter(pl.col("happened_at") > pl.col("ended"))
    assert after.is_empty()
    cancelled = events.filter(pl.col("kind") == "cancelled")
    assert set(cancelled.filter(~pl.col("voluntary"))["reason"]) == {"non_payment"}
    assert 0.6 < cancelled["reason"].is_not_null().mean() < 0.95  # type: ignore[operator]
    invoices, payments = tables["invoices"], tables["payments"]
    settled = payments.join(invoices, on="invoice_id")
    ordered(settled, "issued_at", "paid_at")
    assert payments.filter(~pl.col("succeeded")).height > 0
    assert settled.filter(pl.col("paid_at").dt.date() > pl.col("due_on")).height > 0


def test_customers_carry_names_of_three_languages_and_addresses_that_reach_nobody() -> None:
    customers = make("retailer", "misspecified").tables["customers"]
    assert set(customers["language"]) == {"en", "zh-Hans", "zh-Hant"}
    assert customers["email"].is_unique().all()
    assert customers["email"].str.contains(r"^[a-z]+\.[a-z]+\.\d+@example\.(com|org|net)$").all()


def test_everybody_has_a_phone_number_of_his_own_that_is_valid_and_reaches_nobody() -> None:
    numbers = [phone(place) for place in range(14_000)]
    assert len({number.replace(" ", "") for number in numbers}) == 14_000
    assert len({number.replace(" ", "")[-8:] for number in numbers[:12_000]}) == 12_000  # as data quality compares them
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in numbers[:12_000:7])
    assert all(re.fullmatch(r"\+1 [2-9]\d\d 555 01\d\d", number) for number in numbers[12_000:])
    assert make("retailer", "misspecified").tables["customers"]["phone"].to_list() == numbers[:500]


def test_a_part_of_the_leavers_says_why() -> None:
    company = make("retailer", "misspecified", customers=2000)
    told = company.tables["activities"].drop_nulls("outcome")
    truth = told.join(company.truth.table(), on="customer_id")
    assert truth.height > 50
    assert truth.filter(pl.col("outcome") != pl.col("cause")).is_empty()
    assert truth.filter(pl.col("started_at").dt.date() <= pl.col("left_on")).is_empty()


def test_feasts_make_peaks_in_the_misspecified_retailer() -> None:
    orders = make("retailer", "misspecified", customers=3000).tables["orders"]["ordered_at"].dt.date()
    feast = orders.is_between(date(2025, 9, 22), date(2025, 10, 5)).sum() / 14  # two weeks before mid-autumn
    usual = orders.is_between(date(2025, 8, 4), date(2025, 8, 31)).sum() / 28
    assert feast > 1.1 * usual


def test_the_export_can_be_read_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    company = make("retailer", "misspecified", customers=50)
    paths = write_csv(company, tmp_path_factory.mktemp("export") / "demo")
    assert set(paths) == set(company.tables)
    for name, path in paths.items():
        back = pl.read_csv(path, infer_schema=False)
        assert back.columns == company.tables[name].columns
        assert back.height == company.tables[name].height


@pytest.mark.parametrize(("customers", "years"), [(0, 3.0), (100, 0.1)])
def test_an_impossible_company_is_refused(customers: int, years: float) -> None:
    with pytest.raises(ValueError, match="at least one customer"):
        simulate("retailer", regime="no_signal", customers=customers, years=years, seed=1)
