"""The rules that hold for every metric (domain B0), each tried on every metric it names: a simulated company against itself.

The twin has the same files in another time zone, with the money of every second customer in another currency; so no value may
differ. Then orders that come back whole are added, and nothing may change that counts returns.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kith_platform.demo.companies import ORDER
from kith_platform.demo.load import load_files
from kith_platform.metrics.described import MODULES
from kith_platform.plugins import Plugins
from kith_platform.simulator import simulate, write_csv

CATALOGUE = Path(__file__).resolve().parents[4] / "shared" / "domain.md"
LAST = dt.date(2026, 4, 17)
MARCH, APRIL, BEFORE = "2026-03", "2026-04", "2015-03"  # with the change of clocks in Berlin; not over; before there was anything
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
    company.compute(MARCH)
    return found | {"returned": values(company, MARCH)}


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
    before, after = told[MARCH][key], told["returned"][key]
    assert after["reason"] == before["reason"]
    assert after["value"] == (None if before["value"] is None else pytest.approx(before["value"]))


@pytest.mark.parametrize("key", named("S"))
def test_a_share_of_few_is_flagged(told: dict[str, Any], key: str) -> None:
    one = told[MARCH][key]
    assert one["value"] is None or one["n"] >= 30 or "low_confidence" in one["flags"]
