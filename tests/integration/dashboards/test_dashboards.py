"""The dashboards of sales: what they show of a small company, to whom, and what they say while nothing is computed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.auth.models import MemberUnit, Unit
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, Opportunity
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.placements.models import CustomerPlacement, PlacementTrack
from kith_platform.predict.models import FactScore, ModelVersion
from kith_platform.snapshots import service as snapshots

MARCH = "2026-03"
ANA, BEN, CARA = "ana@tea.example", "ben@tea.example", "cara@tea.example"


@dataclass(frozen=True)
class Shop:
    """The company, a browser of an agent who owns two customers, and one of a lead whose team has that agent in it."""

    company: Any
    agent: Any
    lead: Any

    def page(self, path: str, client: Any = None, expect: int = 200, **asked: str) -> str:
        answer = (client or self.company.client).get(f"/c/{self.company.tenant.slug}/dashboards/{path}", query_string=asked)
        assert answer.status_code == expect, answer.text[:500]
        return str(answer.text)

    def file(self, path: str, client: Any = None, **asked: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.page(path, client, **asked).lstrip("\ufeff"))))[1:]


def orders(agent: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """March: tea for 800 by Ana and 100 by Ben, a pot for 100 by the agent; a year before tea for 400 by Ana. Tea sells each
    month, the pot once. The last order, of nothing known, ends March.
    """
    sold = [("2025-03-10", ANA, "tea", 400), ("2026-03-10", ANA, "tea", 800), ("2026-03-11", BEN, "tea", 100)]
    sold += [("2026-03-12", agent, "pot", 100)]
    sold += [(f"{2025 + (month > 12)}-{(month - 1) % 12 + 1:02}-20", CARA, "tea", 200) for month in range(4, 15)]
    made, lines = [], []
    for number, (day, rep, product, net) in enumerate(sold):
        order = {"id": f"O{number}", "customer": f"C{number % 4}", "ordered_at": f"{day}T10:00:00Z"}
        made.append(order | {"net": net, "rep": rep})
        line = {"id": f"L{number}", "customer": order["customer"], "order": order["id"], "sold_at": order["ordered_at"]}
        lines.append(line | {"product": product, "quantity": net // 100, "net": net, "cost": net / 2})
    made.append({"id": "last", "customer": "C1", "ordered_at": "2026-03-31T10:00:00Z", "net": 1, "rep": CARA})
    return made, lines


def deals(agent: str) -> list[dict[str, Any]]:
    """Twelve closed ones that stood in `proposal`, three of them won; open ones with and without a chance of their own."""
    rows: list[dict[str, Any]] = [
        {
            "id": f"D{number}",
            "customer": "C0",
            "opened_at": "2026-02-01T10:00:00Z",
            "closed_at": "2026-03-15T10:00:00Z",
            "status": "won" if number < 3 else "lost",
            "amount": 1_000,
            "stage": "proposal",
            "rep": BEN,
        }
        for number in range(12)
    ]
    mine = {"customer": "C3", "opened_at": "2026-03-20T10:00:00Z", "amount": 2_000}
    rows.append(mine | {"id": "said", "name": "Said deal", "rep": agent, "probability": 0.6, "stage": "proposal"})
    rows.append(mine | {"id": "guess", "name": "Guessed deal", "rep": agent, "stage": "proposal"})
    rows.append(mine | {"id": "blind", "name": "Blind deal", "rep": agent, "stage": "never seen"})
    return rows


def targets(agent: str) -> list[dict[str, Any]]:
    march = {"starts_on": "2026-03-01", "ends_on": "2026-03-31", "kind": "sales"}
    return [
        march | {"id": "T1", "rep": ANA, "amount": 1_000},
        march | {"id": "T2", "rep": agent, "amount": 50},
        march | {"id": "T3", "unit": "North", "amount": 400},
        march | {"id": "T4", "unit": "Nobody's team", "amount": 900},
        march | {"id": "T5", "rep": "dora@tea.example", "amount": 70},
    ]


@pytest.fixture(scope="module")
def shop(vectors: Callable[..., Any], member_of: Callable[..., Any]) -> Shop:
    made = vectors()
    agent, lead = member_of(made.tenant, "agent"), member_of(made.tenant, "agent", "team")
    made.bring("customers", [{"id": f"C{n}", "name": f"Guest {n}", **({"owner_email": ANA} if n < 2 else {})} for n in range(4)])
    made.bring("products", [{"id": "tea", "name": "Green tea"}, {"id": "pot", "name": "=Teapot"}])
    sold, lines = orders(agent.email)
    made.bring("orders", sold)
    made.bring("order_lines", lines)
    made.bring("opportunities", deals(agent.email))
    made.bring("targets", targets(agent.email))
    with made.runtime.doors.tenant_scope(made.tenant.id) as session:
        unit = Unit(name="North")
        session.add(unit)
        session.flush()
        session.add_all(MemberUnit(membership_id=one.member_id, unit_id=unit.id) for one in (agent, lead))
        by_source = select(CustomerRecord.external_id, Customer).join(Customer, Customer.id == CustomerRecord.customer_id)
        people = {row[0]: row[1] for row in session.execute(by_source)}
        people["C2"].owner_id = people["C3"].owner_id = agent.member_id
        today = dt.date(2026, 3, 31)
        session.add(PlacementTrack(key="lifecycle", first_day=today, last_day=today))
        session.add_all(
            CustomerPlacement(customer_id=people[name].id, key="lifecycle", code=code)
            for name, code in (("C0", "decline"), ("C1", "mature"), ("C3", "decline"))
        )
    snapshots.take(made.runtime, made.tenant.id)
    return Shop(made, agent, lead)


@pytest.fixture(scope="module")
def ready(shop: Shop) -> Shop:
    """What the dashboards lack is asked for by a page, and computed."""
    assert "This has not been computed for the period." in shop.page("products/", period=MARCH)
    for name in ("products", "targets"):  # whose values of people are those of the third, too
        address = f"/c/{shop.company.tenant.slug}/dashboards/compute"
        asked = {"of": f"dashboard_{name}.show", "period": MARCH}
        answer = shop.company.client.post(address, query_string=asked, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert "Computing March 2026" in answer.text
        waits = shop.company.client.get(address.replace("compute", "computing"), query_string=asked)
        assert "HX-Refresh" not in waits.headers
        with shop.company.runtime.doors.tenant_scope(shop.company.tenant.id) as session:
            jobs = session.execute(select(Job.id).where(Job.kind == "metrics.compute", Job.finished_at.is_(None))).scalars().all()
        for job in jobs:
            run_job(shop.company.runtime, shop.company.tenant.id, job, unrouted=True)
        assert shop.company.client.get(waits.request.path, query_string=asked).headers["HX-Refresh"] == "true"
    return shop


def test_products_with_their_share_margin_growth_and_class(ready: Shop) -> None:
    rows = ready.file("products/products.csv", period=MARCH)
    assert rows == [
        ["tea", "Green tea", "900.0", "0.9", "9.0", "450.0", "1.25", "AY"],  # 900 after 400
        ["pot", "'=Teapot", "100.0", "0.1", "1.0", "50.0", "", "CZ"],
    ]
    shown = ready.page("products/", period=MARCH)
    assert shown.index("Green tea") < shown.index("=Teapot")
    assert "90.0%" in shown
    assert "Quarter 1 of 2026" in shown  # is offered as a period
    table = ready.page("products/", period=MARCH, sort="net").split('id="table"')[1]
    assert table.index("=Teapot") < table.index("Green tea")
    only = ready.page("products/", period=MARCH, code="CZ").split('id="table"')[1]
    assert "=Teapot" in only
    assert "Green tea" not in only
    ready.page("products/", period=MARCH, sort="nonsense", expect=400)


def test_targets_with_the_gap_in_money_and_what_has_no_actual(ready: Shop) -> None:
    rows = {line[1]: line[2:] for line in ready.file("targets/attainment.csv", period=MARCH)}
    ana = rows[ANA]
    assert [float(cell) for cell in ana[:5]] == pytest.approx([1_000, 1_000, 800, 0.8, -200])
    team = rows["North"]  # its people are the agent, who sold for 100, and the lead
    assert [float(cell) for cell in team[:5]] == pytest.approx([400, 400, 100, 0.25, -300])
    agent = next(cells for name, cells in rows.items() if float(cells[1]) == 50)
    assert [float(cell) for cell in agent[2:]] == pytest.approx([100, 2, 50, 2_000 * 0.6 + 2_000 * 0.25, 36])
    shown = ready.page("targets/", period=MARCH).split("Targets without an actual")[-1]
    assert "Orders name people, and nobody is known to be in this team." in shown
    assert "dora<" in shown
    assert "ana<" not in shown


def test_people_with_customers_at_risk_and_their_numbers(ready: Shop) -> None:
    rows = {line[0]: line[1:] for line in ready.file("people/people.csv", period=MARCH)}
    assert rows[ANA][:4] == ["2", "1", "800.0", "1.0"]  # two customers, one declines; twice as much as a year before
    assert rows[BEN][4] == "0.25"  # three of twelve
    shown = ready.page("people/", period=MARCH)
    assert "50%" in shown
    assert "Guest 0" in ready.page("people/person", period=MARCH, rep=ANA)


def test_the_chance_of_each_open_deal_and_where_it_comes_from(ready: Shop) -> None:
    shown = ready.page("people/person", period=MARCH, rep=ready.agent.email)
    cells = {}
    for row in re.findall(r"<tr data-href.*?</tr>", shown, re.DOTALL):
        words = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        cells[words[0]] = words[4:]
    assert cells["Said deal"] == ["60%", "stated with the deal", "$1,200"]
    assert cells["Guessed deal"] == ["25%", "of 12 closed deals that stood in this stage", "$500"]
    assert cells["Blind deal"][0] == "–"


def test_the_models_chance_comes_first_while_it_serves(ready: Shop) -> None:
    told = {"task": "opportunities", "version": 1, "as_of": dt.date(2026, 3, 28)}
    day = dt.datetime(2026, 3, 28, tzinfo=dt.UTC)
    with ready.company.runtime.doors.tenant_scope(ready.company.tenant.id) as session:
        said = session.execute(select(Opportunity.id).where(Opportunity.external_id == "said")).scalar_one()
        score = FactScore(**told, row_id=said, subject="opportunities", value=0.35, band=1, tier="xgboost")
        serving = ModelVersion(**told, state="champion", verdict="better_than_baseline", watermark=day, snapshot="x", seed=1)
        session.add_all((score, serving))
    shown = ready.page("people/person", period=MARCH, rep=ready.agent.email)
    words = re.search(r"Said deal.*?</tr>", shown, re.DOTALL)
    assert words
    assert re.search(r"35%.*by the model of deals.*\$700", words[0], re.DOTALL)
    with ready.company.runtime.doors.tenant_scope(ready.company.tenant.id) as session:
        for row in (score, serving):
            session.delete(session.merge(row))


def test_an_agent_sees_the_own_numbers_alone(ready: Shop) -> None:
    agent = ready.agent
    assert [float(line[3]) for line in ready.file("people/people.csv", agent, period=MARCH)] == [100.0]
    for path in ("people/", "targets/"):
        shown = ready.page(path, agent, period=MARCH)
        assert "ana<" not in shown, path
        assert "North" not in shown.split("<main", 1)[1], path
    assert [float(line[4]) for line in ready.file("targets/attainment.csv", agent, period=MARCH)] == [100.0]
    ready.page("people/person", agent, expect=404, period=MARCH, rep=ANA)
    assert "Guest 0" not in ready.page("people/person", agent, period=MARCH, rep=agent.email)
    by_rep = agent.get(f"/c/{agent.slug}/metrics/cim.sal.attainment", query_string={"period": MARCH, "by": "rep"})
    assert ANA not in by_rep.text


def test_a_lead_sees_the_team(ready: Shop) -> None:
    shown = ready.page("targets/", ready.lead, period=MARCH)
    assert "North" in shown.split("<main", 1)[1]
    assert "ana<" not in shown
    assert [float(line[3]) for line in ready.file("people/people.csv", ready.lead, period=MARCH) if line[3]] == [100.0]


def test_another_company_sees_none_of_it(ready: Shop, client_for: Callable[..., Any]) -> None:
    stranger = client_for("owner")
    for path in ("", "products/", "targets/", "people/"):
        assert stranger.get(f"/c/{ready.company.tenant.slug}/dashboards/{path}").status_code == 404
        own = stranger.get(f"/c/{stranger.slug}/dashboards/{path}")
        assert own.status_code == 200
        assert ANA not in own.text
    assert "No numbers yet" in stranger.get(f"/c/{stranger.slug}/dashboards/products/").text
