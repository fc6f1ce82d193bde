"""The rules that hold for every metric (domain B0), each tried on every metric it names: a simulated company against itself.

The twin has the same files in another time zone, with the money of every second customer in another currency; so no value may
differ. Then orders that come back whole are added, and nothing may change that counts returns; then time alone passes, and what
was mature stays as it was; then everything goes wrong at once, and values fall below zero.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer
from kith_platform.demo.companies import ORDER
from kith_platform.demo.load import load_files
from kith_platform.metrics import store
from kith_platform.metrics.described import MODULES
from kith_platform.metrics.periods import of_text
from kith_platform.plugins import Plugins
from kith_platform.predict.models import Score
from kith_platform.simulator import simulate, write_csv
from kith_platform.snapshots.models import Snapshot

CATALOGUE = Path(__file__).resolve().parents[4] / "shared" / "domain.md"
LAST = dt.date(2026, 4, 17)
MARCH, APRIL, BEFORE = "2026-03", "2026-04", "2015-03"  # with the change of clocks in Berlin; not over; before there was anything
WHOLE = ("2025-06", "2025-12", MARCH)  # months that are over: ripe long ago, ripe, ripening
LATER, LATEST = "2026-08-15", "2026-08"
RATE = 0.8
MONEY = {"net", "tax", "discount", "unit_price", "cost", "amount", "mrr", "estimate", "won_amount", "value", "own_cost"}
MONEY |= {"list_price", "our_saving", "their_margin", "our_margin"}
KEYS = sorted(metric.key for _plugin, metric in Plugins(strict=True).brought("metrics", list(MODULES)))


def named(code: str) -> list[str]:
    """The keys for which the catalogue names a rule; none where it is not beside the checkout."""
    if not CATALOGUE.is_file():
        return []
    text = CATALOGUE.read_text("utf-8")
    block = text[text.index("key|unit|type|grain|inputs|edge") :]
    rows = [line.split("|") for line in block[: block.index("```")].strip().splitlines()[1:]]
    return [row[0] for row in rows if code in {one.split("(")[0] for one in row[-1].split(",")}]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    made = simulate("subscription", regime="misspecified", customers=60, years=1.5, seed=11, ends_on=LAST)
    written = write_csv(made, tmp_path_factory.mktemp("company"))
    return [(name, written[name]) for name in dict.fromkeys((*ORDER, *written)) if name in written]


def brought(company: Any, files: list[tuple[str, Path]]) -> None:
    for _table, counts in load_files(company.runtime, company.tenant, files):
        assert counts["rejected"] == 0, counts


def abroad(files: list[tuple[str, Path]], folder: Path) -> Iterator[tuple[str, Path]]:
    """The files with every second customer's money (and every second row of nobody's) in dollars at a rate of 0.8."""
    for name, path in files:
        with path.open(encoding="utf-8", newline="") as source:
            rows = list(csv.DictReader(source))
        for number, row in enumerate(rows):
            whose = row.get("customer_id") or f"A{number}"
            if row.get("currency") and int(whose[1:]) % 2:
                row["currency"] = "USD"
                row |= {key: f"{float(row[key]) / RATE:.4f}" for key in MONEY & set(row) if row[key]}
        written = folder / path.name
        with written.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        yield name, written


def values(company: Any, period: str) -> dict[str, dict[str, Any]]:
    answer = company.client.get(
        "/api/v1/metrics", query_string={"period": period}, headers={"X-Kith-Tenant": company.tenant.slug}
    )
    assert answer.status_code == 200, answer.text
    return {one["key"]: one for one in answer.get_json()["metrics"]}


@pytest.fixture(scope="module")
def told(vectors: Callable[..., Any], files: list[tuple[str, Path]]) -> dict[str, dict[str, Any]]:
    """The company's values by period, and `returned`: those of March after orders came and went back whole."""
    company = vectors(timezone="Europe/Berlin", currency="CAD")
    brought(company, files)
    company.compute(MARCH, APRIL, BEFORE)
    found = {period: values(company, period) for period in (MARCH, APRIL, BEFORE)}
    ids = [f"A{number:06d}" for number in range(1, 41)]
    company.bring("orders", [{"id": f"X{who}", "customer": who, "ordered_at": "2026-03-10 12:00", "net": 50} for who in ids])
    line = {"sold_at": "2026-03-10 12:00", "product": "P10000001", "quantity": 1, "net": 50, "cost": 20}
    company.bring("order_lines", [{"id": f"X{who}", "customer": who, "order": f"X{who}", **line} for who in ids])
    back = {"returned_at": "2026-03-12 12:00", "product": "P10000001", "quantity": 1, "net": 50}
    company.bring("returns", [{"id": f"X{who}", "customer": who, "order": f"X{who}", **back} for who in ids])
    found["returned"] = months(company)
    company.bring("orders", [{"id": "later", "customer": "later", "ordered_at": f"{LATER} 12:00", "net": 50}])
    found["later"] = months(company)
    goes_wrong(company, ids)
    found["wrong"] = months(company)
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        found |= kept(session)
    return found


def kept(session: Session) -> dict[str, Any]:
    """`snapshots` taken, and `kept`: each metric's snapshot over March (of the present alone: the latest month), and its former
    values with theirs, oldest first.
    """
    march = of_text(MARCH)
    rows = {key: row for (key, _month), row in store.values(session, KEYS, [of_text(LATEST)]).items()}
    rows |= {key: row for (key, _month), row in store.values(session, KEYS, [march]).items()}
    former = {key: [(row.value, row.snapshot) for row in reversed(store.versions(session, key, march))] for key in KEYS}
    taken = set(session.execute(select(Snapshot.public_id)).scalars())
    return {"snapshots": taken, "kept": {key: (rows[key].snapshot, former[key]) for key in KEYS}}


def months(company: Any) -> dict[str, dict[str, Any]]:
    """Values of the whole months, and of the latest."""
    company.compute(*WHOLE, LATEST)
    return {period: values(company, period) for period in (*WHOLE, LATEST)}


def goes_wrong(company: Any, ids: list[str]) -> None:
    """In March everything sold costs more than it brings and is worth less than it took; forecasts were a dream; nobody is
    worth anything.
    """
    sold = {"sold_at": "2026-03-20 12:00", "ordered_at": "2026-03-20 12:00", "net": 1, "cost": 50_000, "quantity": 1}
    orders = [{"id": f"W{who}", "customer": who, "ordered_at": sold["ordered_at"], "net": 1} for who in ids]
    company.bring("orders", orders)
    lines = [{"id": f"W{who}", "customer": who, "order": f"W{who}", "product": "P10000001"} for who in ids]
    company.bring("order_lines", [one | {name: sold[name] for name in ("sold_at", "net", "cost", "quantity")} for one in lines])
    goal = {"set_at": "2026-01-10 12:00", "goal": "more", "measure": "more", "baseline": 1, "target": 2, "due_on": "2026-03-15"}
    goal |= {"actual": 2, "measured_at": "2026-03-14 12:00", "value": 1, "verified": "true", "own_cost": 90_000}
    company.bring("outcomes", [{"id": f"W{who}", "customer": who, **goal} for who in ids])
    dream = {"made_at": "2026-02-20 12:00", "for_month": "2026-03-01", "product": "P10000001", "quantity": 10**6}
    company.bring("forecasts", [{"id": "dream", **dream}])
    company.bring("costs", [{"id": "credit", "spent_on": "2026-03-20", "pool": "service", "amount": -90_000}])
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        people = session.execute(select(Customer.id).order_by(Customer.id)).scalars().all()
        now = {"task": "clv", "band": 1, "tier": "bgnbd", "as_of": dt.date(2026, 8, 15), "version": 1}
        session.add_all(Score(customer_id=one, value=-5.0, **now) for one in people)


@pytest.fixture(scope="module")
def twin(
    vectors: Callable[..., Any], files: list[tuple[str, Path]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    company = vectors(timezone="Asia/Shanghai", currency="CAD")
    days = [str(LAST - dt.timedelta(days=5 * back)) for back in range(200)]
    company.bring("fx_rates", [{"day": day, "currency_from": "USD", "rate": RATE} for day in days])
    brought(company, list(abroad(files, tmp_path_factory.mktemp("abroad"))))
    company.compute(MARCH, APRIL)
    return {period: values(company, period) for period in (MARCH, APRIL)}


@pytest.mark.parametrize("key", KEYS)
def test_no_value_depends_on_the_currency_or_the_zone(told: dict[str, Any], twin: dict[str, Any], key: str) -> None:
    for period in (MARCH, APRIL):
        one, other = told[period][key], twin[period][key]
        near = 1 / 24 / 20 if key == "cim.sal.velocity" else 1e-6  # an hour of Berlin's clocks in the days a deal takes
        assert one["reason"] == other["reason"]
        assert one["value"] == (None if other["value"] is None else pytest.approx(other["value"], rel=near, abs=1e-6))


@pytest.mark.parametrize("key", named("Z"))
def test_nothing_at_all_is_no_value_and_says_why(told: dict[str, Any], key: str) -> None:
    one = told[BEFORE][key]
    assert one["value"] is None
    assert one["reason"]


@pytest.mark.parametrize("key", KEYS)
def test_a_period_that_is_not_over_says_so(told: dict[str, Any], key: str) -> None:
    one = told[APRIL][key]
    assert one["value"] is None or "partial" in one["flags"]
    assert "partial" not in told[MARCH][key]["flags"]


@pytest.mark.parametrize("key", named("R"))
def test_what_came_back_whole_changes_nothing_that_counts_returns(told: dict[str, Any], key: str) -> None:
    before, after = told[MARCH][key], told["returned"][MARCH][key]
    assert after["reason"] == before["reason"]
    assert after["value"] == (None if before["value"] is None else pytest.approx(before["value"]))


@pytest.mark.parametrize("key", named("S"))
def test_a_share_of_few_is_flagged(told: dict[str, Any], key: str) -> None:
    one = told[MARCH][key]
    assert one["value"] is None or one["n"] >= 30 or "low_confidence" in one["flags"]


@pytest.mark.parametrize("key", named("M"))
def test_what_is_mature_stays_and_what_is_not_says_so(told: dict[str, Any], key: str) -> None:
    """Time alone passes: a value that was given is the same, and what was immature no longer is."""
    for period in WHOLE:
        before, after = told["returned"][period][key], told["later"][period][key]
        if before["value"] is not None and "provisional" not in before["flags"]:
            assert after["value"] == pytest.approx(before["value"])
        if before["reason"] == "immature":
            assert after["reason"] != "immature"


@pytest.mark.parametrize("key", named("X"))
def test_what_is_still_open_counts_as_longer_not_as_nothing(told: dict[str, Any], key: str) -> None:
    """Time alone passes: what has not ended lasts longer, so no duration becomes shorter and none appears out of nothing."""
    for period in WHOLE:
        before, after = told["returned"][period][key], told["later"][period][key]
        if before["value"] is not None and after["value"] is not None:
            assert after["value"] >= before["value"] - 1e-6
        if before["value"] is None and before["reason"] != "immature":
            assert after["reason"] == before["reason"]


UNKNOWN = {
    "cim.rsp.competitor_loss": "Losses without a known reason",
    "ret.churn_vol": "Left silently",
    "ret.churn_inv": "Left silently",
    "csm.cust_value": "Value nobody verified, which counts half",
    "csm.mutual": "Not known",
    "csm.balance": "Not known",
    "csm.symbiotic_share": "Not known",
    "csm.par_balance": "Dealings of which a margin is not known",
}


@pytest.mark.parametrize("key", named("U"))
def test_what_is_not_known_stands_beside_the_value(told: dict[str, Any], key: str) -> None:
    one = told["returned"]["2025-12"][key]
    if key == "cem.sow":  # of customers whose wallet is known, by how it is known
        assert "estimated" in one["flags"]
        return
    assert UNKNOWN[key] in [row["name"] for row in one["rows"]]


# Where a loss leaves nothing to divide, what stands instead: the reason, or who is in it.
NO_SHARE_OF_A_LOSS = {"cem.mvc_share", "cem.pareto"}
OF_THE_LATEST = {"cem.clv", "cem.equity", "cem.mvc_share"}


@pytest.mark.parametrize("key", named("N"))
def test_values_below_zero_are_told_as_they_are(told: dict[str, Any], key: str) -> None:
    one = told["wrong"][LATEST if key in OF_THE_LATEST else MARCH][key]
    if key in NO_SHARE_OF_A_LOSS:
        assert (one["value"], one["reason"]) == (None, "empty_denominator")
    elif key == "csm.balance":  # of those who both gain; the others are counted beside it
        assert {row["name"]: row["count"] for row in one["rows"]}["Nobody gains"] >= 40
    else:
        assert one["value"] < 0


@pytest.mark.parametrize("key", named("V"))
def test_a_value_is_kept_with_what_it_came_from_and_so_is_the_one_it_replaced(told: dict[str, Any], key: str) -> None:
    """Of March, which was over all the time: values that late data changed are its versions, each with its snapshot."""
    steps = [told[MARCH][key], *(told[step][MARCH][key] for step in ("returned", "later", "wrong"))]
    replaced = [one["value"] for one, other in pairwise(steps) if one["value"] != other["value"]]
    snapshot, versions = told["kept"][key]
    assert snapshot in told["snapshots"]
    assert [value for value, _snapshot in versions if value in replaced] == replaced
    assert all(one in told["snapshots"] for _value, one in versions)
