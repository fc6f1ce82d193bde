"""Attributes where files come in: one click beside a column, and what became of its values."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from kith_platform.imports.models import Import
from kith_platform.jobs.models import Job

FILE = "customer_id,email,Seats,Tier\n" + "".join(
    f"{n},{n}@x.org,{n if n != 4 else 'lots'},{'Gold' if n % 2 else 'Tin'}\n" for n in range(40)
)


def draft(company: Any, client: Any) -> str:
    """Upload the file; the address of its columns' page."""
    data = {"table": "customers", "source": "shop", "file": (io.BytesIO(FILE.encode()), "people.csv")}
    answer = client.post(f"/c/{company.tenant.slug}/imports/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def fields(page: str) -> dict[str, str]:
    """What the page's selects hold, as a browser would send it."""
    found = {}
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    return found


def test_a_click_beside_a_column_keeps_it_as_an_attribute_and_the_import_fills_it(
    company: Any, client_for: Callable[..., Any]
) -> None:
    client = client_for("analyst")
    url = draft(company, client)
    page = client.get(url).text
    assert "Looks like: Number." in page
    assert "Looks like: One of a list." in page
    for column in ("Seats", "Tier"):
        page = client.post(url, data={**fields(page), "do": f"keep:{column}"}, follow_redirects=True).text
        assert f"Kept as the attribute “{column}”" in page
    company.work()
    client.post(url, data={**fields(page), "do": "load"})
    with company.reading() as session:
        job = session.execute(select(Job.id).where(Job.kind == "imports.load")).scalar_one()
    assert company.run(job).state == "done"
    assert company.shown()["1"] == {"seats": 1, "tier": "Gold"}
    assert company.shown()["4"] == {"tier": "Tin"}
    done = client.get(url).text
    assert "Seats: 1 value does not fit and is kept as it was." in done


def test_a_dry_run_tells_what_would_not_fit_and_changes_nothing(company: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    url = draft(company, client)
    page = client.post(url, data={**fields(client.get(url).text), "do": "keep:Seats"}, follow_redirects=True).text
    company.work()
    tried = client.post(url, data={**fields(page), "do": "try"}).headers["Location"]
    with company.reading() as session:
        row = session.execute(select(Import).where(Import.dry_run)).scalar_one()
    assert row.job_id is not None
    assert company.run(row.job_id).state == "done"
    assert "Seats: 1 value does not fit" in client.get(tried).text
    assert company.shown() == {}


def test_columns_of_a_file_of_orders_are_not_offered(company: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    data = {
        "table": "orders",
        "source": "shop",
        "file": (io.BytesIO(b"order_id,order_date,customer_id,net,Mood\n1,2024-01-01,1,3,good\n"), "orders.csv"),
    }
    url = client.post(f"/c/{company.tenant.slug}/imports/new", data=data, content_type="multipart/form-data").headers["Location"]
    assert "Keep as attribute" not in client.get(url).text


def test_the_rule_of_which_value_is_shown_is_chosen_for_an_attribute_too(company: Any, client_for: Callable[..., Any]) -> None:
    company.load("customer_id,email,Seats\n1,a@x.org,2\n")
    company.keep("Seats", "number")
    client = client_for("owner")
    url = f"/c/{company.tenant.slug}/duplicates/shown"
    page = client.get(url).text
    assert 'name="attribute:seats"' in page
    saved = client.post(url, data={**fields(page), "attribute:seats": "recent"}, follow_redirects=True)
    assert saved.status_code == 200
    assert fields(client.get(url).text)["attribute:seats"] == "recent"
