"""Selling, from deals, targets and orders in files to the values the API gives (domain B2 2b)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from kith_platform.facts.models import Opportunity
from kith_platform.predict.models import FactScore, ModelVersion

MARCH, APRIL = "2026-03", "2026-04"  # April runs: the data end on the 17th
SHANGHAI = "+08:00"
PER_MONTH = {"P1": (10, 11, 9, 10), "P2": (10, 2, 14, 6), "P3": (0, 0, 20, 0)}  # C6: units of twelve months
MARGINS = (50, 20, 10, 6, 5, 4, 3, 2, 0, 0)


def at(day: str, days: int = 0) -> str:
    return f"{dt.date.fromisoformat(day) + dt.timedelta(days=days)}T10:00:00{SHANGHAI}"


def deal(number: Any, opened: str, **given: Any) -> dict[str, Any]:
    return {"id": f"D{number}", "customer": "buyer", "opened_at": opened, **given}


def closed(number: Any, on: str, status: str, **given: Any) -> dict[str, Any]:
    """A deal that took sixty days."""
    return deal(number, at(on, -60), closed_at=at(on), status=status, **given)


def deals() -> list[dict[str, Any]]:
    """March: 25 won at 12,000 and 75 lost at 4,000; the end of it: 40 open."""
    rows = []
    for number in range(100):
        won = number < 25
        rows.append(
            closed(
                number,
                "2026-03-10",
                "won" if won else "lost",
                amount=12_000 if won else 4_000,
                won_amount=12_000 if won else "",
                rep="ana" if number % 2 else "ben",
                unit="north" if number < 10 else "",
                channel="web" if number % 5 == 0 else "field",
                product="P1" if number % 4 == 0 else "",
                loss_reason="" if won else "no_decision" if number == 99 else "price",
            )
        )
    rows.append(closed("twin", "2026-03-10", "won", won_amount=9_999_999, duplicate="true"))
    rows += [deal(f"open{number}", at("2026-03-28"), probability=0.5) for number in range(36)]
    rows += [
        deal("tv1", at("2026-03-28"), rep="tv", amount=100_000, probability=0.3),
        deal("tv2", at("2026-03-28"), rep="tv", amount=50_000, probability=0.6),
        deal("guess", at("2026-03-28"), rep="guess", amount=10_000, stage="proposal"),
        deal("blind", at("2026-03-28"), rep="blind", amount=10_000, stage="never seen"),
        closed("usd", "2026-01-15", "won", won_amount=1_000, currency="USD"),
        closed("jpy", "2026-01-15", "lost", amount=5_000, currency="JPY"),
        # The last minute of January in Greenwich is the first of February in Shanghai.
        deal("edge", at("2025-12-02"), closed_at="2026-01-31T16:30:00+00:00", status="lost"),
    ]
    rows += [deal(f"f{number}", at("2024-10-02"), closed_at=at("2024-12-02"), status="lost") for number in range(100)]
    return rows


def stages() -> list[dict[str, Any]]:
    """October 2024: 100 → 60 → 30 → 15. January 2026: ten enter the third place at once, four of them win sixty days later."""
    reach = ((100, "2024-10-03"), (60, "2024-10-10"), (30, "2024-10-20"), (15, "2024-10-30"))
    rows = [
        {"customer": "buyer", "entered_at": at(on), "opportunity": f"Df{number}", "stage": f"s{step}", "position": step}
        for step, (count, on) in enumerate(reach, 1)
        for number in range(count)
    ]
    ten = [*range(4), *range(25, 31)]
    entered = [(f"D{number}", at("2026-03-10", -60)) for number in ten] + [("Dguess", at("2026-03-28"))]
    rows += [
        {"customer": "buyer", "entered_at": when, "opportunity": one, "stage": "proposal", "position": 3} for one, when in entered
    ]
    return [{"id": f"S{number}", **row} for number, row in enumerate(rows)]


def goods() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Orders of 2025 with a line per product: margins 50, 20, 10, 6, 5, 4, 3, 2, 0, 0; units of a month as PER_MONTH says."""
    orders, lines = [], []
    for month in range(1, 13):
        order = {"id": f"O{month}", "customer": "shopper", "ordered_at": at(f"2025-{month:02d}-05"), "net": 100}
        orders.append(order)
        sold = {name: units[(month - 1) % 4] for name, units in PER_MONTH.items()}
        if month == 12:
            sold |= {f"P{number}": 1 for number in range(4, 11)}
        for name, units in sold.items():
            if units:
                each = MARGINS[int(name[1:]) - 1] / (3 * sum(PER_MONTH[name]) if name in PER_MONTH else 1)
                line = {"order": order["id"], "sold_at": order["ordered_at"], "product": name, "quantity": units}
                net = units * each + 7
                lines.append(line | {"net": f"{net:.4f}", "cost": 7, "customer": "shopper"})
    orders.append({"id": "O2024", "customer": "shopper", "ordered_at": at("2024-12-05"), "net": 5})
    lines.append(
        {
            "order": "O2024",
            "sold_at": at("2024-12-05"),
            "product": "P10",
            "quantity": 1,
            "net": 5,
            "cost": 5,
            "customer": "shopper",
        }
    )
    return orders, [{"id": f"L{number}", **line} for number, line in enumerate(lines)]


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    made = vectors("analytics_cim", timezone="Asia/Shanghai", currency="CNY")
    owners = [{"id": f"C{number}", "owner_email": f"rep{number % 6}@x.example"} for number in range(180)]
    made.bring("customers", owners)
    made.bring("products", [{"id": f"P{number}", "name": f"Product {number}"} for number in range(1, 11)])
    made.bring("fx_rates", [{"day": day, "currency_from": "USD", "rate": 7} for day in ("2026-01-01", "2026-01-15")])
    orders, lines = goods()
    orders += [{"id": f"A{number}", "customer": f"C{number}", "ordered_at": at("2026-04-17"), "net": 1} for number in range(180)]
    orders += [
        {"id": "S1", "customer": "shopper", "ordered_at": at("2026-03-04"), "net": 45_000, "rep": "ana"},
        {"id": "S2", "customer": "shopper", "ordered_at": at("2026-04-08"), "net": 50_000, "rep": "pace"},
        {"id": "S3", "customer": "shopper", "ordered_at": at("2026-01-08"), "net": 3_500, "rep": "eva"},
        {"id": "S4", "customer": "shopper", "ordered_at": at("2026-03-04"), "net": 777, "rep": "ana", "status": "cancelled"},
    ]
    made.bring("orders", orders)
    made.bring("order_lines", lines)
    returned = {"id": "R1", "customer": "shopper", "returned_at": at("2026-04-10"), "order": "S2", "net": 5_000}
    back = {
        "id": "R2",
        "customer": "shopper",
        "returned_at": at("2025-12-20"),
        "order": "O12",
        "product": "P10",
        "net": 1,
        "quantity": 1,
    }
    made.bring("returns", [returned, back])
    made.bring("opportunities", deals())
    made.bring("opportunity_stages", stages())
    march = {"starts_on": "2026-03-01", "ends_on": "2026-03-31"}
    made.bring(
        "targets",
        [
            {"id": "T1", **march, "kind": "sales", "rep": "ana", "amount": 50_000, "set_at": at("2026-02-01")},
            {"id": "T2", **march, "kind": "sales", "rep": "ana", "amount": 100_000, "set_at": at("2026-03-01")},
            {"id": "T3", **march, "kind": "won", "unit": "north", "amount": 240_000},
            {"id": "T4", "starts_on": "2026-04-06", "ends_on": "2026-05-01", "kind": "sales", "rep": "pace", "amount": 100_000},
            {
                "id": "T5",
                "starts_on": "2026-01-01",
                "ends_on": "2026-01-31",
                "kind": "sales",
                "rep": "eva",
                "amount": 1_000,
                "currency": "USD",
            },
        ],
    )
    made.compute("2024-10", "2025-12", "2026-01", "2026-02", MARCH, APRIL)
    made.compute("2026-01", MARCH, APRIL, grain="rep")
    made.compute(MARCH, grain="unit")
    made.compute(MARCH, grain="channel")
    made.compute("2025-12", MARCH, grain="product")
    return made


def figures(found: dict[str, Any]) -> dict[str, Any]:
    """Numbers behind a value by their English name."""
    return {row["name"]: next(row[one] for one in ("share", "money", "count", "number") if one in row) for row in found["rows"]}


def test_win_rate_25_of_100_in_the_month_they_were_closed(company: Any) -> None:
    found = company.read("cim.sal.win_rate", MARCH)
    assert (found["value"], found["n"], found["flags"]) == (0.25, 100, [])
    assert figures(found)["By amount"] == pytest.approx(0.5)  # 25·12,000 of 25·12,000 + 75·4,000


def test_win_rate_without_closed_deals_is_no_data(company: Any) -> None:
    found = company.read("cim.sal.win_rate", "2025-12")
    assert (found["value"], found["reason"]) == (None, "empty_denominator")


def test_win_rate_of_few_deals_says_so_and_amounts_without_a_rate_are_told(company: Any) -> None:
    found = company.read("cim.sal.win_rate", "2026-01")
    assert (found["value"], found["n"]) == (0.5, 2)
    assert "low_confidence" in found["flags"]
    assert found["coverage"] == pytest.approx(0.5)


def test_a_deal_closed_at_night_in_greenwich_counts_on_the_companys_day(company: Any) -> None:
    assert company.read("cim.sal.win_rate", "2026-02")["n"] == 1


def test_win_rate_of_people_channels_and_products(company: Any) -> None:
    reps = company.units("cim.sal.win_rate", MARCH, "rep")
    assert (reps["ana"]["value"], reps["ben"]["value"]) == (pytest.approx(12 / 50), pytest.approx(13 / 50))
    assert company.units("cim.sal.win_rate", MARCH, "channel")["web"]["value"] == pytest.approx(5 / 20)
    assert company.units("cim.sal.win_rate", MARCH, "product")["Product 1"]["value"] == pytest.approx(7 / 25)


def test_stages_100_60_30_15(company: Any) -> None:
    found = company.read("cim.sal.stage_conv", "2024-10")
    assert found["value"] == pytest.approx(0.15)
    assert [row["share"] for row in found["rows"]] == [pytest.approx(0.6), pytest.approx(0.5), pytest.approx(0.5)]
    assert found["flags"] == []


def test_a_skipped_stage_was_passed_and_a_won_deal_has_reached_the_last(company: Any) -> None:
    found = company.read("cim.sal.stage_conv", "2026-01")
    assert [row["share"] for row in found["rows"]] == [1.0, 1.0, pytest.approx(0.4)]
    assert "low_confidence" in found["flags"]


def test_stages_whose_sixty_days_are_not_over_have_no_value_yet(company: Any) -> None:
    assert company.read("cim.sal.stage_conv", MARCH)["reason"] == "immature"
    assert company.read("cim.sal.stage_conv", "2026-02")["reason"] == "empty_denominator"


def test_velocity_of_40_open_deals_is_2000_a_day(company: Any) -> None:
    found = company.read("cim.sal.velocity", MARCH)
    assert found["value"] == pytest.approx(2000)
    assert found["unit"] == "money_per_day"


def test_velocity_without_a_won_deal_is_no_data(company: Any) -> None:
    assert company.read("cim.sal.velocity", "2026-02")["value"] is None


def test_pipeline_weighs_amounts_by_their_chance(company: Any) -> None:
    """100,000·0.3 + 50,000·0.6 = 60,000."""
    reps = company.units("cim.sal.weighted_pipeline", APRIL, "rep")
    assert reps["tv"]["value"] == pytest.approx(60_000)
    assert "provisional" not in reps["tv"]["flags"]


def test_a_deal_without_a_chance_takes_its_stages_history(company: Any) -> None:
    """Four of the ten closed deals that stood in the stage were won: 10,000·0.4."""
    reps = company.units("cim.sal.weighted_pipeline", APRIL, "rep")
    assert reps["guess"]["value"] == pytest.approx(4_000)
    assert "provisional" in reps["guess"]["flags"]
    assert reps["blind"]["value"] is None


def test_the_whole_pipeline_leaves_out_what_nobody_can_weigh(company: Any) -> None:
    found = company.read("cim.sal.weighted_pipeline", APRIL)
    assert found["value"] == pytest.approx(64_000)
    assert figures(found)["Deals without a chance, left out"] == 1


def test_the_model_weighs_deals_before_what_is_stated_where_it_serves(vectors: Callable[..., Any]) -> None:
    """100,000 at the model's .7 instead of the stated .3; 50,000 has no score and stays at its .6: 70,000 + 30,000."""
    company = vectors("analytics_cim", timezone="Asia/Shanghai", currency="CNY")
    company.bring(
        "opportunities",
        [
            deal("one", at("2026-03-28"), rep="tv", amount=100_000, probability=0.3),
            deal("two", at("2026-03-28"), rep="tv", amount=50_000, probability=0.6),
        ],
    )
    told = {"task": "opportunities", "version": 1, "as_of": dt.date(2026, 3, 28)}
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        ids = dict(session.execute(select(Opportunity.external_id, Opportunity.id)).all())
        session.add(FactScore(**told, row_id=ids["Done"], subject="opportunities", value=0.7, band=1, tier="xgboost"))
    company.compute(MARCH, grain="rep")
    company.compute(MARCH)
    rule = company.read("cim.sal.weighted_pipeline", MARCH)
    assert rule["value"] == pytest.approx(60_000), "no model serves: what a rule says is the history of the stage"
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        day = dt.datetime(2026, 3, 28, tzinfo=dt.UTC)
        session.add(ModelVersion(**told, state="champion", verdict="better_than_baseline", watermark=day, snapshot="x", seed=1))
    company.compute(MARCH, grain="rep")
    company.compute(MARCH)
    found = company.read("cim.sal.weighted_pipeline", MARCH)
    assert found["value"] == pytest.approx(100_000)
    assert figures(found)["Deals with the chance of the model"] == 1
    assert company.units("cim.sal.weighted_pipeline", MARCH, "rep")["tv"]["value"] == pytest.approx(100_000)
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        session.execute(update(ModelVersion).values(state="retired"))
    company.compute(MARCH)
    assert company.read("cim.sal.weighted_pipeline", MARCH)["value"] == pytest.approx(60_000)


def test_attainment_45_of_100_by_the_newest_target(company: Any) -> None:
    assert company.units("cim.sal.attainment", MARCH, "rep")["ana"]["value"] == pytest.approx(0.45)


def test_a_running_target_is_on_pace_by_working_days(company: Any) -> None:
    """45,000 after 10 of 20 working days, a return taken off: 0.90 of the pace, 0.45 of the whole."""
    found = company.units("cim.sal.attainment", APRIL, "rep")["pace"]
    assert found["value"] == pytest.approx(0.90)
    assert figures(found)["Share of the whole target"] == pytest.approx(0.45)
    assert "partial" in found["flags"]


def test_a_teams_target_of_won_deals_and_of_the_company_that_has_none_of_its_own(company: Any) -> None:
    """Ten deals of 12,000 of 240,000."""
    assert company.units("cim.sal.attainment", MARCH, "unit")["north"]["value"] == pytest.approx(0.5)
    assert company.read("cim.sal.attainment", MARCH)["value"] == pytest.approx(0.5)


def test_a_target_in_another_currency_counts_at_its_first_days_rate(company: Any) -> None:
    assert company.units("cim.sal.attainment", "2026-01", "rep")["eva"]["value"] == pytest.approx(0.5)


def test_without_a_target_there_is_no_attainment(company: Any) -> None:
    assert company.read("cim.sal.attainment", "2026-02")["reason"] == "empty_denominator"


def test_180_customers_of_6_people_are_30_each(company: Any) -> None:
    assert company.read("cim.sal.cust_per_rep", APRIL)["value"] == pytest.approx(30)
    assert company.units("cim.sal.cust_per_rep", APRIL, "rep")["rep3@x.example"]["value"] == pytest.approx(30)


def test_products_are_classed_by_margin_and_evenness(company: Any) -> None:
    """Product 3 sold nothing in December, and has no row of its own in it."""
    found = company.units("cim.sal.product_mix", "2025-12", "product")
    numbers = [1, 2, *range(4, 11)]
    codes = [next(row["class"] for row in found[f"Product {number}"]["rows"] if "class" in row) for number in numbers]
    assert [code[0] for code in codes] == ["A"] * 2 + ["B"] * 3 + ["C"] * 4
    assert [code[1] for code in codes[:2]] == ["X", "Y"]


def test_a_products_figures(company: Any) -> None:
    """Product 10 sold 7 for 7 in December, 1 came back; a year before it sold 5."""
    found = company.units("cim.sal.product_mix", "2025-12", "product")["Product 10"]
    assert found["value"] == pytest.approx(6)
    assert figures({"rows": [row for row in found["rows"] if "name" in row]})["Growth over a year"] == pytest.approx(0.2)
    assert company.read("cim.sal.product_mix", "2026-02")["reason"] == "empty_denominator"
