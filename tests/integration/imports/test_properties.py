"""What holds for every file: how it is cut, in which order files come, and how often, changes nothing."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, OrderLine, Product, ReturnLine, SalesOrder, SubscriptionEvent
from kith_platform.imports import ahead
from kith_platform.imports import jobs as work
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.servers.programs import environment

COLUMNS = {
    CustomerRecord: ("source", "external_id", "name", "email"),
    Customer: ("name", "email"),
    Product: ("external_id", "name"),
    SalesOrder: ("external_id", "net", "quantity", "occurred_on", "currency"),
    OrderLine: ("external_id", "net", "quantity", "occurred_on"),
    ReturnLine: ("external_id", "net", "quantity"),
    SubscriptionEvent: ("external_id", "kind", "mrr", "occurred_on"),
}
COUNTS = ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")


def tables(company: Any) -> list[list[Any]]:
    return [company.rows(fact, *names) for fact, names in COLUMNS.items()]


def orders(chance: random.Random, lines: int) -> str:
    """Orders of which some come again, changed or as they were, some have no customer, and some are wrong."""
    rows = []
    for _ in range(lines):
        number = chance.randrange(lines)
        day = chance.choice(["2024-02-30", f"2024-03-{1 + number % 28:02}", f"2024-04-{1 + number % 28:02}"])
        rows.append(f"O{number},{chance.choice(['', f'C{number % 7}'])},{day},{number}.50")
    return "order_id,customer_id,order_date,net\n" + "\n".join(rows) + "\n"


def wide(chance: random.Random, lines: int) -> str:
    """Lines of a till: orders over several lines, returns, lines without ids that are alike."""
    rows = []
    for at in range(lines):
        order = at // 3
        amount = chance.choice([1, 2, -1])
        rows.append(f"O{order},2024-05-{1 + order % 28:02},C{order % 5},P{chance.randrange(4)},{amount},{2 * amount}")
    return "order_id,order_date,customer_id,sku,quantity,net\n" + "\n".join(rows) + "\n"


def subscriptions(chance: random.Random, lines: int) -> str:
    """Subscriptions as they stand, of which some come again: over by then, or running once more."""
    rows = []
    for _ in range(lines):
        number = chance.randrange(lines // 2)
        end = chance.choice(["", "", f"2024-06-{1 + number % 28:02}", "2024-01-01"])
        rows.append(f"S{number},C{number % 7},2024-02-{1 + number % 28:02},{end},{number}.50,{chance.choice(['yes', 'no'])}")
    return "subscription_id,customer_id,start_date,end_date,mrr,upgraded\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("written", [orders, wide, subscriptions])
def test_where_a_file_is_cut_into_chunks_changes_nothing(
    make_company: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, written: Callable[..., str], seed: int
) -> None:
    text = written(random.Random(seed), 60)
    whole, cut = make_company(), make_company()
    table = "subscriptions" if written is subscriptions else "orders"
    expected = whole.load(table, text)
    monkeypatch.setattr(ahead, "CHUNK_LINES", random.Random(seed).randrange(3, 17))
    result = cut.load(table, text)
    assert tables(cut) == tables(whole)
    assert {key: result[key] for key in ("read", "inserted", "rejected")} == {
        key: expected[key] for key in ("read", "inserted", "rejected")
    }
    again = cut.load(table, text)
    assert (again["inserted"], tables(cut)) == (0, tables(whole)), "the same file a second time"


def test_files_in_any_order_give_the_same(make_company: Callable[..., Any]) -> None:
    files = {
        "customers": "customer_id,name,email\nC1,Ana Lima,ana@example.com\nC2,Bo Li,bo@example.com\nC3,Cy Wu,cy@example.com\n",
        "orders": orders(random.Random(9), 12),
        "products": "sku,name\nP0,Tea\nP1,Cup\n",
    }
    found = []
    for order in permutations(files):
        company = make_company()
        for table in order:
            company.load(table, files[table])
        found.append(tables(company))
    assert all(one == found[0] for one in found)


def test_two_files_of_one_source_at_once_take_turns(company: Any) -> None:
    """Each names the other's customers and orders; both end, and every key is there once."""
    texts = [
        "order_id,customer_id,order_date,net\n" + "".join(f"O{at},C{at % 90},2024-01-02,1\n" for at in numbers)
        for numbers in (range(600), reversed(range(300, 900)))
    ]
    asked = [company.ask("orders", text) for text in texts]
    children = [start_child(company, job) for job in asked]
    for child in children:
        child.wait(timeout=120)
    done = [jobs.wait(company.runtime, company.tenant.id, job.id, claim_after=0.0) for job in asked]
    assert [job.state for job in done] == ["done", "done"]
    assert [row[0] for row in company.rows(SalesOrder, "external_id")] == sorted(f"O{at}" for at in range(900))
    assert len(company.rows(CustomerRecord, "external_id")) == len(company.rows(Customer, "name")) == 90
    results = [job.result or {} for job in done]
    assert sum(result["inserted"] for result in results) == 900
    assert sum(result["made"].get("customer", {}).get("inserted", 0) for result in results) == 90


def start_child(company: Any, job: Job) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "kith_platform.jobs.child", str(company.tenant.id), str(job.id), work.__name__]
    surroundings = {**os.environ, **environment(company.runtime.settings), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(words, env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
