"""A demo company, only smaller, brought in the way the demos are: every line counted, every word placed, every name found."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import func, select

from kith_platform.demo import companies
from kith_platform.demo.load import load_files
from kith_platform.facts.table import row_class
from kith_platform.imports.models import Import
from kith_platform.runtime import Runtime
from kith_platform.sdk.facts import Fact, Kind
from kith_tenants.tenant import TenantContext

# What the company's files say beyond what facts hold.
BEYOND = {"line_id", "order_id", "subscription_id", "net", "tax", "voluntary"}


def test_a_small_demo_company_comes_in_whole(
    runtime: Runtime, tenant: TenantContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companies, "CUSTOMERS", 60)
    files = dict(companies.SUBSCRIPTION.write(tmp_path, 5))
    lines = {plural: pl.read_csv(path, infer_schema=False) for plural, path in files.items()}
    for plural, counts in load_files(runtime, tenant, files.items()):
        assert (counts["read"], counts["inserted"]) == (lines[plural].height, lines[plural].height), (plural, counts)
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        for one in session.execute(select(Import)).scalars():
            assert set(one.mapping["unmapped"]) <= BEYOND, one.table_name
        for plural, said in lines.items():
            fact = runtime.facts.by_plural(plural)
            table = row_class(fact).__table__
            counted = {held: func.count(table.c[held]) for _, held in _named(fact, said)}
            found = session.execute(select(func.count().label("rows"), *(n.label(held) for held, n in counted.items()))).one()
            for column, held in _named(fact, said):
                assert getattr(found, held) == said[column].drop_nulls().len(), f"{plural}.{column}"


def _named(fact: Fact, said: pl.DataFrame) -> list[tuple[str, str]]:
    """The file's columns that name a row of another fact, with the table's that hold it; and every other declared column."""
    pairs = [("customer_id", "record_id")] if fact.of_customer else []
    pairs += [(one.stored_as, one.stored_as) for one in fact.columns if one.kind is Kind.REFERENCE]
    pairs += [(one.name, one.name) for one in fact.stored if one.kind is not Kind.REFERENCE]
    return [(column, held) for column, held in pairs if column in said.columns]
