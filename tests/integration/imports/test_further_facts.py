"""Facts of selling, success, returns and stakeholders: files with English and with Chinese headers give the same rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.facts.catalogue import CORE_FACTS
from kith_platform.facts.models import Lead
from kith_platform.facts.table import row_class
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.models import Import, ImportReject
from kith_platform.imports.problems import reason
from kith_platform.sdk.facts import Fact, Kind

FACTS: Dictionary[str, Fact] = {fact.plural: fact for fact in CORE_FACTS}
BY_NAME: Dictionary[str, Fact] = {fact.name: fact for fact in CORE_FACTS}
# Every column of every further fact and the further columns of the older ones, in the order in which they name each other.
# Each part: the table, a header of declared names (`id` for the row's own, `customer`), lines.
PARTS = (Path(__file__).parent / "further_facts.txt").read_text("utf-8").split("\n\n")
FILES: Dictionary[str, str] = {plural: text.rstrip() + "\n" for plural, _, text in (part.partition("\n") for part in PARTS)}


def english(fact: Fact, name: str) -> str:
    return {"id": fact.aliases[0] if fact.aliases else "id", "customer": "customer_id"}.get(name, name)


def chinese(fact: Fact, name: str) -> str:
    """The first Chinese header that the column is known by; it is in simplified script."""
    known = {"id": fact.aliases, "customer": FACTS["customers"].aliases}
    words = known[name] if name in known else fact.column(name).aliases
    return next((word for word in words if re.search("[\u4e00-\u9fff]", word)), english(fact, name))


def file(plural: str, header: Callable[[Fact, str], str]) -> str:
    names, _, lines = FILES[plural].partition("\n")
    return ",".join(header(FACTS[plural], name) for name in names.split(",")) + "\n" + lines


@dataclass(frozen=True)
class Imported:
    """A company, and what each table's file did with English headers and then with Chinese ones."""

    company: Any
    english: Dictionary[str, Dictionary[str, Any]]
    chinese: Dictionary[str, Dictionary[str, Any]]

    def targets(self, plural: str) -> list[list[str]]:
        """Which columns the files of a table were taken to fill, file by file."""
        with self.company.runtime.doors.tenant_scope(self.company.tenant.id, read_only=True) as session:
            found = session.execute(select(Import.mapping).where(Import.table_name == plural).order_by(Import.id)).scalars()
            return [sorted(Mapping.from_json(mapping).targets) for mapping in found]

    def rows(self, fact: Fact) -> list[Dictionary[str, Any]]:
        row = row_class(fact)
        with self.company.runtime.doors.tenant_scope(self.company.tenant.id, read_only=True) as session:
            return [dict(one) for one in session.execute(select(row.__table__).order_by(row.id)).mappings()]


@pytest.fixture(scope="module")
def imported(open_company: Callable[[], Any]) -> Imported:
    company = open_company()
    first, again = ({plural: company.load(plural, file(plural, header)) for plural in FILES} for header in (english, chinese))
    return Imported(company, first, again)


@pytest.mark.parametrize("plural", FILES)
def test_a_file_fills_every_column_and_the_same_with_chinese_headers_changes_nothing(imported: Imported, plural: str) -> None:
    fact, header = FACTS[plural], FILES[plural].partition("\n")[0].split(",")
    lines = FILES[plural].count("\n") - 1
    first, again = imported.english[plural], imported.chinese[plural]
    assert (first["read"], first["inserted"]) == (lines, lines)
    assert "unresolved" not in first["made"]
    assert (again["read"], again["unchanged"]) == (lines, lines)
    names = [f"{fact.name}.{'external_id' if name == 'id' else name}" for name in header]
    assert imported.targets(plural) == [sorted(names)] * 2
    rows = imported.rows(fact)
    filled = {name for row in rows for name, value in row.items() if value is not None}
    assert {column.stored_as for column in fact.stored if column.name in header} <= filled
    for column in (one for one in fact.columns if one.kind is Kind.REFERENCE and one.name in header):
        there = {row["id"]: row["external_id"] for row in imported.rows(BY_NAME[column.to])}
        at = header.index(column.name)
        named = sorted(filter(None, (line.split(",")[at] for line in FILES[plural].splitlines()[1:])))
        assert sorted(there[row[column.stored_as]] for row in rows if row[column.stored_as]) == named
    assert ("record_id" in filled) == ("customer" in header or plural == "opportunity_stages")


def test_shares_that_are_no_whole_are_refused_by_line_and_leads_need_no_customer(company: Any) -> None:
    header = "benefit_id,date,initiative,amount,share_cim,share_cem,share_csm,grade\n"
    lines = "B1,2024-03-05,I1,10,0.5,0.3,0.2,A\nB2,2024-03-05,I1,10,0.5,0.3,0.1,B\nB3,2024-03-05,I1,10,50%,30%,20%,C\n"
    result = company.load("benefits", header + lines)
    assert (result["inserted"], result["rejected"]) == (2, 1)
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        (refused,) = session.execute(select(ImportReject)).scalars()
        words = reason(refused.reason, refused.params)
    assert refused.line == 3
    assert "Share of success (CSM) add up to 0.9, not to 1." in words
    company.load("leads", "lead_id,date,name,company\nL1,2024-03-05,Ada,Engines\n")
    assert company.rows(Lead, "external_id", "name", "record_id") == [("L1", "Ada", None)]
