"""The demo companies' own work: what it tells must be lawful, must be there month by month, and must agree with their lives."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from kith_platform.demo import companies
from kith_platform.facts.catalogue import CORE_FACTS
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.sdk.types import DemoCompany
from kith_platform.simulator import Company, simulate
from kith_platform.simulator.opinions import DRIVERS
from kith_plugins.industry_retail import demo as retail

ENDS = date(2026, 6, 12)
FACTS = {fact.plural: fact for fact in CORE_FACTS}
SPOKEN = (("outcomes", "set_at"), ("advocacies", "asked_at"), ("referrals", "made_at"))
# Not written down month by month: a few plans and licences, mailings, and what is measured once a year.
SELDOM = {
    "customers",
    "products",
    "touches",
    "initiatives",
    "contact_plans",
    "entitlements",
    "wallets",
    "outcomes",
    "consents",
    "partner_transactions",
}


@pytest.fixture(scope="module", params=["retailer", "subscription"])
def company(request: pytest.FixtureRequest) -> Company:
    return simulate(request.param, regime="misspecified", customers=2000, years=3.0, seed=9, ends_on=ENDS)


def of_facts(company: Company) -> list[tuple[Fact, pl.DataFrame]]:
    return [(FACTS[name], table) for name, table in company.tables.items() if name in FACTS]


def after(table: pl.DataFrame, *columns: str) -> None:
    """Each filled column is not before the filled one to its left."""
    for earlier, later in pairwise(columns):
        assert table.filter(pl.col(later) < pl.col(earlier)).is_empty(), f"{later} before {earlier}"


def test_every_fact_of_the_company_is_told_and_only_there(company: Company) -> None:
    told = {fact.plural for fact, _ in of_facts(company)}
    of_one_kind = {"invoices", "subscription_events", "onboarding_steps"}  # of the subscription company
    elsewhere = {"order_statuses", "attribute_changes", "fx_rates"}
    assert set(FACTS) - told - elsewhere == (of_one_kind if company.kind == "retailer" else set())
    bare = simulate(company.kind, regime="no_signal", customers=50, years=1.0, seed=9, ends_on=ENDS)
    assert not set(bare.tables) & {"leads", "costs", "outcomes", "employee_snapshots"}


def test_values_are_those_the_facts_allow(company: Company) -> None:
    for fact, table in of_facts(company):
        for column in fact.columns:
            held = next((name for name in (column.name, column.stored_as) if name in table.columns), None)
            if held is None:
                assert not column.required, f"{fact.plural}.{column.name}"
                continue
            said = table[held]
            assert not (column.required and said.null_count()), f"{fact.plural}.{held}"
            assert not column.choices or set(said.drop_nulls()) <= set(column.choices), f"{fact.plural}.{held}"
            if column.kind in (Kind.TIME, Kind.DATE) and not column.may_be_future:
                assert said.drop_nulls().is_empty() or said.cast(pl.Date).max() <= ENDS, f"{fact.plural}.{held}"  # type: ignore[operator]
            if column.kind is Kind.MONEY:
                assert (said.fill_null(0) >= 0).all(), f"{fact.plural}.{held}"
    shares = company.tables["benefits"].select("share_cim", "share_cem", "share_csm").sum_horizontal()
    assert (shares - 1).abs().max() < 1e-9  # type: ignore[operator]
    assert set(company.tables["benefits"]["grade"]) == {"A", "B", "C", "D"}


def test_there_is_something_to_count_in_each_month_and_a_year_before(company: Company) -> None:
    last = date(2026, 6, 1)
    months = {(last - timedelta(days=30 * back)).replace(day=1) for back in range(25)}
    begun = {"benefits": date(2025, 3, 1), "work_days": date(2025, 3, 1), "ticket_statuses": date(2025, 3, 1)}
    begun |= dict.fromkeys(("commitments", "onboarding_steps"), date(2025, 3, 1))
    for fact, table in of_facts(company):
        if fact.plural not in SELDOM and fact.occurred is not None:
            dated = "for_month" if fact.plural == "forecasts" else fact.occurred
            told = set(table[dated].cast(pl.Date).dt.truncate("1mo"))
            assert {month for month in months if month >= begun.get(fact.plural, min(months))} <= told, fact.plural
    pools = company.tables["costs"].group_by("pool").agg(pl.col("spent_on").dt.truncate("1mo").n_unique())
    assert set(FACTS["costs"].column("pool").choices) - set(pools["pool"]) <= {"delivery"}
    assert set(company.tables["survey_responses"]["kind"]) == {"nps", "csat", "ces", "enps", "loyalty"}


def test_nothing_comes_before_its_cause(company: Company) -> None:
    tables = company.tables
    after(tables["tickets"], "opened_at", "first_reply_at", "resolved_at", "reopened_at")
    after(tables["leads"], "created_at", "first_contact_at", "qualified_at", "converted_at")
    after(tables["opportunities"], "opened_at", "closed_at")
    after(tables["outcomes"], "set_at", "measured_at", "confirmed_at")
    after(tables["activities"], "started_at", "replied_at")
    for name, first, last in (
        ("commitments", "promised_at", "done_at"), ("handoffs", "handed_at", "accepted_at"),
        ("insights", "issued_at", "acted_at"), ("supplier_transactions", "ordered_at", "delivered_on"),
        ("market_signals", "seen_at", "first_action_at"), ("advocacies", "asked_at", "given_at"),
        ("referrals", "made_at", "converted_at"), ("targets", "starts_on", "ends_on"),
    ):  # fmt: skip
        after(tables[name].with_columns(pl.col(first, last).cast(pl.Date)), first, last)
    after(tables["forecasts"].with_columns(pl.col("made_at").dt.date()), "made_at", "for_month")
    stages = tables["opportunity_stages"].sort("opportunity_id", "position")
    assert stages.filter(pl.col("entered_at").diff().over("opportunity_id") < timedelta(0)).is_empty()


def test_a_status_follows_from_its_history(company: Company) -> None:
    tickets, changes = company.tables["tickets"], company.tables["ticket_statuses"]
    last = changes.group_by("ticket_id", maintain_order=True).last().join(tickets, on="ticket_id", suffix="_now")
    assert (last["status"] == last["status_now"]).all()
    assert {"open", "waiting", "solved", "closed"} <= set(changes["status"])
    unsolved = tickets.filter(pl.col("resolved_at").is_null())
    assert set(unsolved["status"]) <= {"new", "open"}
    deals = company.tables["opportunities"]
    assert deals.filter((pl.col("status") == "open") != pl.col("closed_at").is_null()).is_empty()
    assert deals.filter((pl.col("status") == "won") != pl.col("won_amount").is_not_null()).is_empty()
    open_ = deals.filter(pl.col("status") == "open")
    assert open_.height > 5
    assert (open_["close_on"] > ENDS).all()


def test_facts_belong_to_those_who_were_customers_then(company: Company) -> None:
    lives = company.truth.table().join(company.tables["customers"].select("customer_id", "since"), on="customer_id")
    for name, moment in (
        ("outcomes", "set_at"),
        ("wallets", "measured_on"),
        ("advocacies", "asked_at"),
        ("referrals", "made_at"),
    ):
        table = company.tables[name].join(lives, on="customer_id").with_columns(day=pl.col(moment).cast(pl.Date))
        assert table.height > 100
        assert table.filter((pl.col("day") < pl.col("since")) | (pl.col("day") >= pl.col("left_on"))).is_empty(), name
    measured = (
        company.tables["outcomes"].join(lives, on="customer_id").filter(pl.col("measured_at").dt.date() >= pl.col("left_on"))
    )
    assert measured.is_empty()
    left = company.tables["leavings"].join(lives, on="customer_id", suffix="_truth")
    gone = left.filter(pl.col("left_on") >= pl.col("left_on_truth"))
    assert gone.height > 0.97 * left.height
    told = left.drop_nulls("reason").join(company.truth.table(), on="customer_id", suffix="_again")
    assert told.filter(pl.col("reason") != pl.col("cause")).is_empty()


def test_leads_that_bought_did_so_within_ninety_days(company: Company) -> None:
    leads = company.tables["leads"]
    won = leads.filter(pl.col("status") == "converted").join(company.tables["customers"], on="customer_id")
    assert won.height > 50
    assert (won["since"] - won["created_at"].dt.date()).dt.total_days().max() <= 90  # type: ignore[operator]
    assert 0.05 < won.height / leads.height < 0.3
    rest = leads.filter(pl.col("status") != "converted")
    assert rest["customer_id"].null_count() == rest.height
    assert leads["first_contact_at"].null_count() > 0


def test_a_complaint_lowers_what_a_customer_says_and_a_slow_answer_more(company: Company) -> None:
    answers = company.tables["survey_responses"].drop_nulls("score")
    complaints = company.tables["tickets"].filter("is_complaint").select("customer_id", complained="opened_at").sort("complained")
    nps = answers.filter(pl.col("kind") == "loyalty").sort("sent_at")
    near = nps.join_asof(complaints, left_on="sent_at", right_on="complained", by="customer_id", check_sortedness=False)
    hurt = (near["sent_at"] - near["complained"]).dt.total_days().fill_null(9999) < 40
    assert nps.filter(hurt)["score"].mean() < nps.filter(~hurt)["score"].mean() - 0.5  # type: ignore[operator]
    served = answers.filter(pl.col("kind").is_in(["ces", "csat"])).join(company.tables["tickets"], on="ticket_id")
    slow = (served["resolved_at"] - served["opened_at"]).dt.total_hours() > 40
    for kind in ("ces", "csat"):
        of_kind = served["kind"] == kind
        assert served.filter(of_kind & slow)["score"].mean() < served.filter(of_kind & ~slow)["score"].mean() - 0.3  # type: ignore[operator]


def test_the_parts_of_the_overall_score_count_as_they_were_made_to(company: Company) -> None:
    scored = company.tables["survey_responses"].drop_nulls(["score", *DRIVERS])
    assert scored.height >= 250
    parts = scored.select(*DRIVERS).to_numpy()
    design = (parts - parts.mean(axis=0)) / parts.std(axis=0)
    overall = scored["score"].to_numpy().astype(float)
    found = np.linalg.lstsq(design, (overall - overall.mean()) / overall.std(), rcond=None)[0]
    assert np.corrcoef(found, list(DRIVERS.values()))[0, 1] > 0.95
    assert found[0] > found[-1] + 0.2


def test_the_staff_answers_without_names_and_each_unit_is_large_enough(company: Company) -> None:
    staff = company.tables["survey_responses"].filter(pl.col("kind") == "enps")
    assert staff["customer_id"].null_count() == staff.height
    assert staff["rep"].null_count() == staff.height
    state = company.tables["employee_snapshots"].filter(pl.col("left_on").is_null())
    assert state.filter(pl.col("day") == date(2026, 6, 1)).group_by("unit").len()["len"].min() >= 5  # type: ignore[operator]
    assert company.tables["employee_snapshots"]["leaving_kind"].drop_nulls().len() > 0
    whole = company.tables["employee_snapshots"]
    assert whole.select("day", "employee").is_unique().all()
    assert whole.group_by("day").len()["len"].min() > 20  # type: ignore[operator]  # a state is of the whole staff
    assert whole.drop_nulls("left_on")["employee"].is_unique().all()


def test_colleagues_and_strangers_add_no_day_of_use_to_anybody(company: Company) -> None:
    events = company.tables["events"]
    visits = events.filter(pl.col("event_id").str.contains(r"^E\d"))
    days = pl.struct("customer_id", pl.col("happened_at").dt.date())
    assert events.drop_nulls("customer_id").select(days).n_unique() == visits.select(days).n_unique()
    strangers = events.filter(pl.col("customer_id").is_null())
    assert 0.1 < strangers["bot"].mean() < 0.4  # type: ignore[operator]
    if company.kind == "subscription":
        assert events.filter(pl.col("user") != "1").height > 500


def test_two_of_three_initiatives_were_agreed_before_they_began(company: Company) -> None:
    started = company.tables["initiatives"]
    assert (started["record_signed_at"] < started["started_at"]).to_list() == [True, False, True]
    for name in ("costs", "benefits"):
        assert set(company.tables[name]["initiative"].drop_nulls()) == set(started["initiative_id"])


@pytest.mark.parametrize("demo", [companies.SUBSCRIPTION, retail.RETAILER], ids=lambda one: one.key)
def test_a_file_names_only_rows_of_files_before_it(demo: DemoCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (companies, retail):
        monkeypatch.setattr(module, "CUSTOMERS", 30)
    seen: set[str] = set()
    for plural, path in demo.write(tmp_path, 3):
        assert path.is_file()
        if plural in FACTS:
            header = pl.read_csv(path, n_rows=0).columns
            needed = [one for one in FACTS[plural].columns if one.kind is Kind.REFERENCE and one.stored_as in header]
            assert {str(one.to) for one in needed} <= seen, plural
            seen.add(FACTS[plural].name)
    assert {fact.name for fact in CORE_FACTS if fact.plural in ("costs", "outcomes", "leads", "activities")} <= seen
