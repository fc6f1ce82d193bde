"""Companies and the people who speak for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from duplicates_company import Company

from kith_platform.customers import service as customers
from kith_platform.duplicates import accounts, service

HOUSE = """id,name,kind,contact_of,phone
holding,Harbour Holding Ltd,company,,
firm,Harbour Trading Ltd,company,holding,020 7946 0001
ann,Ann Lee,person,firm,020 7946 0002
bo,Bo Chen,person,firm,020 7946 0003
again,Harbour Trading Limited,company,,+44 20 7946 0001
"""


def test_people_stand_under_their_company_whoever_it_is_merged_with(
    company: Company, client_for: Callable[..., Any], new_tenant: Callable[..., Any]
) -> None:
    company.load("customers", HOUSE)
    assert company.refresh()["identity"] == "done"
    assert set(company.refresh().values()) == {"skipped"}
    with company.session() as session:
        firm, ann = (customers.get(session, company.actor, company.customer(name)) for name in ("again", "ann"))
        assert [one.name for one in accounts.above(session, company.actor, ann)] == [firm.name, "Harbour Holding Ltd"]
        assert [one.name for one in accounts.below(session, company.actor, firm)] == ["Ann Lee", "Bo Chen"]
    client = client_for("viewer")
    address = f"/c/{client.slug}/customers/{company.customer('firm')}"
    page = client.get(address, follow_redirects=True).get_data(as_text=True)
    assert "Bo Chen" in page
    assert "Harbour Holding Ltd" in page


def test_a_company_merged_with_its_own_subsidiary_stands_under_nobody(company: Company) -> None:
    company.load("customers", HOUSE)
    company.refresh()
    with company.session() as session:
        service.merge(session, company.actor, company.customer("holding"), company.customer("firm"))
    company.refresh()
    with company.session() as session:
        kept = customers.get(session, company.actor, company.customer("firm"))
        assert kept.contact_of is None
        assert [one.name for one in accounts.below(session, company.actor, kept)] == ["Ann Lee", "Bo Chen"]
