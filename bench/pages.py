"""Customer list and 360 page of a company with 1 M customers: p95 of the whole request, through the application."""

from __future__ import annotations

import random
import re
import time

from browser import signed_in
from rows import Row, Skipped, p95, say, seconds, size
from site_ import analyse, company, fill_customers, fill_orders, site

REQUESTS = 100
NEXT = re.compile(r'href="([^"]*[?&](?:amp;)?after=[^"]+)"')


def measure() -> list[Row]:
    customers = size(1_000_000)
    with site() as runtime:
        tenant = company(runtime)
        say(f"making {customers} customers with {2 * customers} orders")
        fill_customers(runtime, tenant.id, customers)
        fill_orders(runtime, tenant.id, 2 * customers)
        analyse(runtime)
        runtime.redis.flushall()
        _, client = signed_in(runtime, tenant)
        base = f"/c/{tenant.slug}/customers/"

        def get(address: str) -> str:
            answer = client.get(address, environ_base={"REMOTE_ADDR": f"10.0.{random.randrange(256)}.{random.randrange(1, 255)}"})
            if answer.status_code != 200:
                raise Skipped(f"{address} answers {answer.status_code}")
            return answer.get_data(as_text=True)

        get(base)
        ids: set[str] = set()
        lists = []
        say(f"{REQUESTS} pages of the list, then as many customers")
        address = base
        for _ in range(REQUESTS):
            started = time.perf_counter()
            page = get(address)
            lists.append(time.perf_counter() - started)
            ids |= set(re.findall(rf"{base}([0-9a-f-]{{36}})", page))
            further = NEXT.search(page)
            address = further[1].replace("&amp;", "&") if further else base
            address = address if address.startswith("/") else base + address
        chosen = random.sample(sorted(ids), min(REQUESTS, len(ids)))
        shows = [seconds(lambda one=public_id: get(base + one)) for public_id in chosen]
        if not shows:
            raise Skipped("the list links to no customer")
    listed, shown = 1000 * p95(lists), 1000 * p95(shows)
    return [
        Row(name=f"customer list, {customers} customers, p95", value=listed, unit="ms", budget="≤ 50 ms", met=listed <= 50),
        Row(name=f"360 page, {customers} customers, p95", value=shown, unit="ms", budget="≤ 80 ms", met=shown <= 80),
    ]
