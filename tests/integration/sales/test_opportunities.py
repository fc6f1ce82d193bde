"""Opportunities: the board with its sums, moves that write history, winning and losing, the company's own stages, the funnel."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.audit.models import AuditEntry
from kith_platform.facts.models import FxRate, Opportunity, OpportunityStage
from kith_platform.predict.models import FactScore, ModelVersion
from kith_tenants.tenant import TenantContext


def columns(page: str) -> dict[str, str]:
    """Text of each column of the board by its stage."""
    parts = re.split(r'data-stage="', page)[1:]
    return {
        part.split('"')[0]: re.sub(r"<select.*?</select>|<[^>]*>", " ", part.split("</section>")[0], flags=re.S) for part in parts
    }


def test_a_deal_goes_over_the_board_and_every_move_is_written(company: Any) -> None:
    assert "No open opportunities" in company.page("opportunities/")
    customer = company.customer(name="Berg Tools", kind="company")
    assert "Berg Tools" in company.page("opportunities/new", q="berg")
    refused = company.post(
        f"opportunities/new?customer={customer}", expect=422, name="", amount="-3", percent="120", stage="x"
    ).text
    assert re.search(r"Give the opportunity a name", refused)
    assert "not below 0" in refused
    assert "between 0 and 1" in refused
    where = company.post(f"opportunities/new?customer={customer}", name="Lathes", amount="1000", stage="qualification").location
    deal = where.rpartition("/")[2]
    shown = columns(company.page("opportunities/"))
    assert list(shown) == ["qualification", "needs", "proposal", "negotiation"]
    for words in ("Lathes", "Berg Tools", "$1,000", "weighted $100", "0 days here", "Owner"):
        assert words in shown["qualification"], words
    back = company.post(f"opportunities/{deal}/move", stage="proposal", **{"from": "board"}, q="lath").location
    assert back.endswith("/opportunities/?q=lath")  # a stage was skipped
    company.post(f"opportunities/{deal}/move", stage="proposal")
    company.post(f"opportunities/{deal}/move", stage="needs")
    company.post(f"opportunities/{deal}/move", stage="nowhere", expect=422)
    shown = columns(company.page("opportunities/"))
    assert "Lathes" in shown["needs"]
    assert "weighted $250" in shown["needs"]
    company.post(f"opportunities/{deal}/contact", kind="meeting", subject="Prices", outcome="Sends order")
    company.post(f"opportunities/{deal}/win", won_amount="")
    told = company.api("GET", f"opportunities/{deal}")
    assert (told["status"], told["won_amount"], told["probability"]) == ("won", "1000.0000", 0.25)
    assert [(one["stage"], one["position"]) for one in told["stages"]] == [
        ("qualification", 1),
        ("proposal", 3),
        ("needs", 2),
        ("won", 5),
    ]
    assert [one["subject"] for one in told["activities"]] == ["Prices"]
    company.post(f"opportunities/{deal}/move", stage="needs", expect=409)
    company.post(f"opportunities/{deal}/lose", loss_reason="price", expect=409)
    company.post(f"opportunities/{deal}/reopen")
    company.post(f"opportunities/{deal}/lose", loss_reason="", own_reason="", expect=422)
    company.post(f"opportunities/{deal}/lose", loss_reason="competitor", competitor="Acme")
    told = company.api("GET", f"opportunities/{deal}")
    assert (told["status"], told["loss_reason"], told["competitor"], told["won_amount"]) == ("lost", "competitor", "Acme", None)
    assert "Went to a competitor" in company.page(f"opportunities/{deal}")
    assert "Lathes" in company.page("opportunities/list", status="lost")
    assert "Nothing matches" in company.page("opportunities/list", status="open")
    with company.scope() as session:
        actions = list(session.execute(select(AuditEntry.action).where(AuditEntry.action.startswith("opportunity:"))).scalars())
    verbs = ["created", "moved", "moved", "won", "reopened", "lost"]
    assert [action.partition(":")[2] for action in actions] == verbs


def test_columns_sum_in_the_companys_currency_and_show_the_newest_fifty(company: Any) -> None:
    today = dt.datetime.now(dt.UTC).date()
    with company.scope() as session:
        at = dt.datetime.combine(today - dt.timedelta(days=2), dt.time(), dt.UTC)
        dated = {"source": "bank", "external_id": "1", "occurred_at": at, "occurred_on": at.date(), "known_at": at}
        session.add(FxRate(**dated, currency_from="EUR", rate=Decimal("1.1")))
    for number in range(52):
        company.deal([("Proposal", 3, number)], name=f"Deal {number:02}", amount=Decimal(10), probability=None)
    company.deal([("needs", 2, 3)], amount=Decimal(100), currency="EUR", probability=Decimal("0.5"), name="In euro", rep="Bo")
    company.deal([("needs", 2, 3)], amount=Decimal(100), currency="CHF", name="In francs")
    company.deal([("needs", 2, 3)], amount=Decimal(100), duplicate=True, name="Twice")
    company.deal([("Pilot", 9, 3)], amount=Decimal(7), name="In another stage", status="open")
    shown = columns(company.page("opportunities/"))
    assert list(shown) == ["qualification", "needs", "proposal", "negotiation", "Pilot"]
    assert "$520" in shown["proposal"]
    assert "weighted $260" in shown["proposal"]
    assert len(re.findall(r"Deal \d\d", shown["proposal"])) == 50
    assert "Deal 51" not in shown["proposal"]
    assert "See all 52 in the list" in shown["proposal"]
    assert "$110" in shown["needs"]
    assert "weighted $55" in shown["needs"]
    assert "Twice" not in shown["needs"]
    assert "Not among the stages" in shown["Pilot"]
    assert "1 opportunity is in a currency without a rate" in company.page("opportunities/")
    assert "In euro" in (only := company.page("opportunities/", rep="Bo"))
    assert "Deal 00" not in only
    listed = company.api("GET", "opportunities", stage="proposal", limit=200)
    assert len(listed["opportunities"]) == 52
    first = company.api("GET", "opportunities", limit=40)
    rest = company.api("GET", "opportunities", limit=40, after=first["next"])
    assert {one["id"] for one in first["opportunities"]}.isdisjoint(one["id"] for one in rest["opportunities"])
    assert rest["next"] is None


def test_board_and_list_show_the_models_chance_of_open_ones_while_it_serves(company: Any) -> None:
    company.deal([("needs", 2, 3)], name="Open one", amount=Decimal(100), probability=Decimal("0.5"))
    company.deal([("needs", 2, 3)], name="Unscored", amount=Decimal(100))
    company.deal([("needs", 2, 9)], name="Won one", amount=Decimal(100), status="won", closed=1)
    words = "Chance of winning, by the model"
    with company.scope() as session:
        ids = dict(session.execute(select(Opportunity.name, Opportunity.id)).all())
        told = {"task": "opportunities", "version": 1, "as_of": dt.date(2026, 6, 1)}
        for name, value in (("Open one", 0.37), ("Won one", 0.81)):
            session.add(FactScore(**told, row_id=ids[name], subject="opportunities", value=value, band=1, tier="xgboost"))
    assert words not in company.page("opportunities/"), "no model serves"
    assert words not in company.page("opportunities/list")
    with company.scope() as session:
        at = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
        session.add(ModelVersion(**told, state="champion", verdict="better_than_baseline", watermark=at, snapshot="x", seed=1))
    board = columns(company.page("opportunities/"))["needs"]
    assert board.count(words) == 1
    assert re.search(rf"Open one.*{words}\s+37%", board, flags=re.S)
    assert "weighted $62" in board, "100 at the model's .37, and 100 at the stage's usual .25"
    listed = company.page("opportunities/list")
    assert words in listed
    assert ("37%" in listed, "81%" in listed) == (True, False)


def test_who_sees_only_own_customers_sees_only_their_deals(
    company: Any, client_for: Callable[..., Any], other_tenant: TenantContext
) -> None:
    agent, viewer = client_for("agent"), client_for("viewer")
    mine, theirs = company.customer(name="Mine"), company.customer(name="Theirs")
    company.own(mine, agent.member_id)
    for customer in (mine, theirs):
        company.api("POST", "opportunities", {"customer": str(customer), "name": f"Of {customer}", "amount": "5"}, expect=201)
    seen = company.api("GET", "opportunities", client=agent)["opportunities"]
    assert [one["customer_name"] for one in seen] == ["Mine"]
    page = company.page("opportunities/", agent)
    assert str(mine) in page
    assert str(theirs) not in page
    hidden = next(one["id"] for one in company.api("GET", "opportunities")["opportunities"] if one["customer_name"] == "Theirs")
    company.api("GET", f"opportunities/{hidden}", client=agent, expect=404)
    company.api("POST", f"opportunities/{hidden}/stage", {"stage": "proposal"}, client=agent, expect=404)
    company.api("POST", "opportunities", {"customer": str(theirs), "name": "x"}, client=agent, expect=422)
    company.api("POST", f"opportunities/{hidden}/stage", {"stage": "proposal"}, client=viewer, expect=403)
    funnel = company.api("GET", "opportunities/funnel", client=agent)
    assert [one["entered"] for one in funnel["steps"]] == [1, 0, 0, 0, 0]
    stranger = client_for("owner", tenant=other_tenant)
    assert stranger.get(f"/c/{other_tenant.slug}/opportunities/{hidden}").status_code == 404
    assert company.api("PATCH", f"opportunities/{hidden}", {"partner": "Reseller"})["partner"] == "Reseller"
    company.api("PUT", "opportunities/stages", {"stages": [{"name": "x", "probability": 1}]}, client=agent, expect=403)


def test_a_company_has_stages_and_reasons_of_its_own(company: Any) -> None:
    page = company.page("opportunities/stages/")
    assert "Needs analysis" in page
    lines = {
        "key": ["", "qualification", "needs", "proposal", "negotiation", ""],
        "name": ["Pilot", "Qualification", "", "Offer", "Negotiation", ""],
        "percent": ["60", "10", "25", "50", "75", ""],
        "place": ["9", "1", "2", "3", "4", "12"],
    }
    company.post("opportunities/stages/", **lines, reasons="Price\nNo parking\n")
    told = company.api("GET", "opportunities/stages")
    assert [(one["key"], one["name"], one["probability"]) for one in told["stages"]] == [
        ("qualification", "Qualification", 0.1),
        ("proposal", "Offer", 0.5),
        ("negotiation", "Negotiation", 0.75),
        ("Pilot", "Pilot", 0.6),
    ]
    assert told["loss_reasons"] == ["price", "No parking"]
    company.client.set_cookie("kith_language", "zh_Hans")
    assert "资格确认" in company.page("opportunities/stages/")  # usual stages stay every reader's
    company.client.delete_cookie("kith_language")
    refused = {"stages": [{"name": "A", "probability": 2}, {"name": "won", "probability": 0.5}]}
    errors = company.api("PUT", "opportunities/stages", refused, expect=422)["errors"]
    assert [one["field"] for one in errors] == ["stages.0", "stages.1"]
    assert (
        "already"
        in company.post("opportunities/stages/", **{**lines, "name": ["offer", "", "", "Offer", "", ""]}, expect=422).text
    )


def test_the_funnel_counts_who_came_how_far_and_how_long_it_took(company: Any) -> None:
    """Ten deals 100 days ago: ten entered, six went on in time and one too late, three and of them one reached the end."""
    for number in range(10):
        steps = [("qualification", 1, 100.0)]
        if number < 6:
            steps.append(("needs", 2, 90.0))
        if number == 6:
            steps.append(("needs", 2, 30.0))
        if number < 3:
            steps.append(("negotiation", 4, 80.0))  # the proposal was skipped
        closed: dict[str, Any] = {}
        if number == 0:
            steps.append(("won", 5, 75.0))
            closed = {"closed": 75.0, "status": "won", "won_amount": Decimal(500)}
        if number in (3, 4):
            closed = {"closed": 85.0, "status": "lost", "loss_reason": "price" if number == 3 else None, "amount": Decimal(70)}
        company.deal(steps, rep="Bo" if number < 5 else "Ada", **closed)
    company.deal([("qualification", 1, 5.0), ("needs", 2, 1.0)])
    told = company.api("GET", "opportunities/funnel")
    rows = [(one["entered"], one["went_on"], one["mature"], one["passed"]) for one in told["steps"]]
    assert rows == [(11, 8, 10, 6), (8, 3, 6, 3), (3, 3, 3, 3), (3, 1, 3, 1), (1, 0, 0, 0)]
    assert [one["conversion"] for one in told["steps"]] == [0.6, 0.5, 1.0, pytest.approx(1 / 3), None]
    days = [one["median_days"] for one in told["steps"]]
    assert days[0] == pytest.approx(10, abs=0.01)
    assert days[1] == pytest.approx(10, abs=0.01)  # three moved on after ten days, two were lost after five
    assert days[2] is None
    assert days[3] == pytest.approx(5, abs=0.01)
    assert [(one["reason"], one["count"], one["amount"]) for one in told["losses"]] == [("", 1, 70.0), ("price", 1, 70.0)]
    bo = company.api("GET", "opportunities/funnel", rep="Bo")
    assert [one["entered"] for one in bo["steps"]] == [5, 5, 3, 3, 1]
    today = dt.datetime.now(dt.UTC).date()
    late = company.api("GET", "opportunities/funnel", start=str(today - dt.timedelta(days=10)), end=str(today))
    assert [one["entered"] for one in late["steps"]] == [1, 1, 0, 0, 0]
    page = company.page("funnel/")
    for words in ("No reason given", "60.0%", "33.3%", "Win rate", "$500"):
        assert words in page, words
    answer = company.client.get(f"/c/{company.tenant.slug}/funnel/funnel.csv")
    lines = answer.text.removeprefix("\ufeff").splitlines()
    assert lines[1].startswith("Qualification,11,8,10,6,0.6,")
    assert "too early" in company.page("funnel/", start=str(today - dt.timedelta(days=10)))
    assert "No deal moved" in company.page("funnel/", start="2001-01-01", end="2001-02-01")
    with company.scope() as session:
        assert session.execute(select(OpportunityStage.record_id).distinct()).scalars().all() == [None]
