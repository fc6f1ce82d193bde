"""Duplicates among 1 M customers: reading, comparing, keeping what was found, as the refresh does; and how many were right."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import psycopg
from rows import Row, say, seconds, size
from site_ import SOURCE, analyse, company, site, superuser

from kith_platform.duplicates import service
from kith_platform.duplicates.jobs import KIND
from kith_platform.duplicates.wordlist import listed
from kith_platform.jobs import service as jobs
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job

BUDGET = 300.0  # seconds
AGAIN = 0.1  # of the people have a second record
_STARTS = listed("b br ch d dr f g gr h j k kl l m n p r s st t v w z")
_ENDS = listed("a an e el en er i in o on or u us y ia")


def _words(dice: np.random.Generator, count: int) -> list[str]:
    found: set[str] = set()
    while len(found) < count:
        parts = [dice.choice(_STARTS) + dice.choice(_ENDS) for _ in range(dice.integers(2, 4))]
        found.add("".join(parts))
    return sorted(found)


def _typo(dice: np.random.Generator, text: str) -> str:
    at = int(dice.integers(1, max(2, len(text) - 1)))
    return text[:at] + chr(97 + int(dice.integers(26))) + text[at + 1 :]


def people(count: int, seed: int = 5) -> list[tuple[Any, ...]]:
    """(external id, given, family, e-mail, phone, address, city, postcode, birth year, raw) per record. Names are as unevenly
    spread as in life; `P7` and `P7b` are one person, whose second record has an error in the name and lacks a field or two."""
    dice = np.random.default_rng(seed)
    given, family = _words(dice, 4_000), _words(dice, 40_000)
    towns = [(name.title(), f"{dice.integers(10_000, 99_999)}") for name in _words(dice, 3_000)]
    streets = _words(dice, 2_000)
    alone = round(count / (1 + AGAIN))
    first = np.minimum(dice.zipf(1.3, alone) - 1, len(given) - 1)
    frequent = np.minimum(dice.zipf(1.2, alone) - 1, len(family) - 1)
    last = np.where(dice.random(alone) < 0.5, frequent, dice.integers(0, len(family), alone))
    rows: list[tuple[Any, ...]] = []
    for number in range(alone):
        town, code = towns[int(dice.integers(len(towns)))]
        name, kin = given[int(first[number])], family[int(last[number])]
        year = int(dice.integers(1940, 2008))
        born = f'{{"birthday": "{year}-{dice.integers(1, 13):02}-{dice.integers(1, 29):02}"}}'
        row = (
            f"P{number}",
            name,
            kin,
            f"{kin}.{name}{dice.integers(10_000)}@mail{dice.integers(50)}.example" if dice.random() < 0.7 else None,
            f"+44 7{dice.integers(10**9):09}" if dice.random() < 0.7 else None,
            f"{dice.integers(1, 300)} {streets[int(dice.integers(len(streets)))]} Street",
            town,
            code,
            year,
            born,
        )
        rows.append(row)
        if len(rows) < count and dice.random() < AGAIN:
            lost = 3 + int(dice.integers(3))
            other = [*row]
            other[0], other[1], other[lost] = f"P{number}b", _typo(dice, name), None
            rows.append(tuple(other))
    return rows[:count]


def _fill(connection: psycopg.Connection, tenant: int, rows: list[tuple[Any, ...]]) -> None:
    names = "source, external_id, given_name, family_name, email, phone, address, city, postcode, birth_year, raw, tenant_id"
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY kith.customer_record ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((SOURCE, *row, tenant))
        cursor.execute(
            "INSERT INTO kith.customer (tenant_id, name, first_record_id) "
            "SELECT tenant_id, concat_ws(' ', given_name, family_name), id "
            "FROM kith.customer_record WHERE tenant_id = %s",
            (tenant,),
        )
        cursor.execute(
            "UPDATE kith.customer_record r SET customer_id = c.id FROM kith.customer c "
            "WHERE r.tenant_id = %s AND c.tenant_id = r.tenant_id AND c.first_record_id = r.id",
            (tenant,),
        )


def measure() -> list[Row]:
    count = size(1_000_000)
    with site() as runtime:
        tenant = company(runtime)
        say(f"making {count} customers")
        rows = people(count)
        with superuser(runtime) as connection:
            _fill(connection, tenant.id, rows)
        analyse(runtime)
        with runtime.doors.tenant_scope(tenant.id) as session:
            asked = jobs.ask(session, KIND, {})
        say("comparing")
        took = seconds(lambda: run_job(runtime, tenant.id, asked.id, unrouted=True))
        with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
            state = session.get_one(Job, (tenant.id, asked.id)).state
            clusters = service.clusters(session)
    pairs = [pair for cluster in clusters for pair in combinations((one.external_id for one in cluster), 2)]
    right = sum(one.rstrip("b") == other.rstrip("b") for one, other in pairs)
    true = sum(row[0].endswith("b") for row in rows)
    say(f"{state}: {len(pairs)} pairs, precision {right / max(1, len(pairs)):.4f}, recall {right / max(1, true):.4f}")
    met = state == "done" and took <= BUDGET * count / 1_000_000
    return [Row(name=f"duplicates among {count} customers", value=took, unit="s", budget="≤ 300 s", met=met)]
