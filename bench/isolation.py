"""Row level security on the hottest queries: those that the list and the 360 page send, replayed under the policy and past it."""

from __future__ import annotations

import re
import statistics
import time
from typing import Any

import psycopg
from browser import signed_in
from rows import Row, Skipped, say, size
from site_ import analyse, company, fill_customers, fill_orders, site, superuser
from sqlalchemy import Engine, event, make_url

TENANTS = 100
RUNS = 40
HOTTEST = 10
Query = tuple[str, Any]


def captured(client: Any, slug: str) -> list[Query]:
    """Reads with a filter by tenant, in the order they were sent, each text once."""
    sent: dict[str, Any] = {}

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT") and "tenant_id = " in statement:
            sent.setdefault(statement, parameters)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        base = f"/c/{slug}/customers/"
        page = client.get(base).get_data(as_text=True)
        found = re.search(rf"{base}([0-9a-f-]{{36}})", page)
        addresses = [
            f"{base}?sort=-churn",
            f"{base}?q=000012",
            f"{base}?risk=high&country=DE",
            *([base + found[1]] if found else []),
        ]
        for address in addresses:
            client.get(address)
    finally:
        event.remove(Engine, "before_cursor_execute", keep)
    return list(sent.items())


def timed(connection: psycopg.Connection, queries: list[Query]) -> list[float]:
    """Seconds of each query, once."""
    found = []
    for statement, parameters in queries:
        started = time.perf_counter()
        connection.execute(statement, parameters).fetchall()
        found.append(time.perf_counter() - started)
    return found


def measure() -> list[Row]:
    customers = size(1_000_000, least=TENANTS * 100)
    with site() as runtime:
        say(f"making {TENANTS} tenants with {customers} customers and as many orders")
        tenants = [company(runtime, f"bench-{number}") for number in range(TENANTS)]
        for tenant in tenants:
            fill_customers(runtime, tenant.id, customers // TENANTS)
            fill_orders(runtime, tenant.id, customers // TENANTS)
        analyse(runtime)
        chosen = tenants[TENANTS // 2]
        _, client = signed_in(runtime, chosen)
        queries = captured(client, chosen.slug)
        if not queries:
            raise Skipped("the pages send no query with a filter by tenant")
        app = make_url(runtime.urls.app).set(drivername="postgresql").render_as_string(hide_password=False)
        say(f"replaying {len(queries)} queries, under the policy and past it, in turns")
        with psycopg.connect(app, options="-c timezone=UTC") as bound, superuser(runtime) as free:
            bound.execute("SELECT set_config('kith.tenant_id', %s, true)", [str(chosen.id)])
            pairs = [(timed(bound, queries), timed(free, queries)) for _ in range(RUNS)]
    under, past = ([statistics.median(one) for one in zip(*side, strict=True)] for side in zip(*pairs, strict=True))
    hottest = sorted(range(len(queries)), key=lambda place: -past[place])[:HOTTEST]
    ours, theirs = (sum(side[place] for place in hottest) for side in (under, past))
    worst = max(hottest, key=lambda place: under[place] / past[place])
    say(f"the worst costs {under[worst] / past[worst]:.2f} ×: {' '.join(queries[worst][0].split())[:160]}")
    return [
        Row(
            name=f"row level security, the {len(hottest)} hottest queries",
            value=1000 * ours,
            unit="ms",
            reference=1000 * theirs,
            ratio=ours / theirs,
            budget="≤ 1.1 × the same query past the policy",
            met=ours / theirs <= 1.1,
        )
    ]
