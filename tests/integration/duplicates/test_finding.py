"""Duplicates of real and written customers, from the file to the merge at a refresh."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from duplicates_company import Company

from kith_platform.duplicates import service

FOUR = """id,name,phone,email,city
a,王小明,13800138000,ming@qq.com,上海
b,Wang Xiaoming,+86 138 0013 8000,,上海市
c,李娜,13800138000,,上海
d,Peter Smith,,peter.smith@acme.example,Leeds
"""


def test_febrl_is_found_without_labels(company: Company, shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file's own ids say who is who; they and the social security number take no part in matching."""
    rows = [
        {key.strip(): value.strip() for key, value in row.items()}
        for row in csv.DictReader((shared_data / "febrl1.csv").read_text("utf-8").splitlines())
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, [name for name in rows[0] if name != "soc_sec_id"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    company.load("customers", text.getvalue())
    company.find()
    with company.session() as session:
        clusters = service.clusters(session)
    person = {row["rec_id"]: re.findall(r"rec-(\d+)-", row["rec_id"])[0] for row in rows}
    true = sum(count * (count - 1) // 2 for count in Counter(person.values()).values())
    found = [pair for cluster in clusters for pair in combinations([one.external_id for one in cluster], 2)]
    right = sum(person[one] == person[other] for one, other in found)
    precision, f1 = right / len(found), 2 * right / (len(found) + true)
    with capsys.disabled():
        sys.stdout.write(f"\nfebrl1: {len(found)} pairs, precision {precision:.4f}, recall {right / true:.4f}, F1 {f1:.4f}\n")
    assert precision >= 0.995
    assert f1 >= 0.95


def test_a_refresh_merges_what_is_certain_once(company: Company) -> None:
    company.load("customers", FOUR)
    assert company.refresh()["identity"] == "done"
    assert company.homes() == {"a": "a", "b": "a", "c": "c", "d": "d"}
    assert set(company.refresh().values()) == {"skipped"}
    company.load("customers", "id,name,email\ne,Smith Peter,PETER.SMITH@acme.example\n", source="shop")
    assert company.refresh()["identity"] == "done"
    assert company.homes()["e"] == "d"


def test_looking_alone_merges_nobody(company: Company) -> None:
    company.load("customers", FOUR)
    assert company.find() == {"compared": True}
    assert company.find() == {"compared": False}
    assert company.homes() == {name: name for name in "abcd"}
    with company.session() as session:
        assert [[one.external_id for one in cluster] for cluster in service.clusters(session)] == [["a", "b"]]


def test_what_was_undone_is_not_merged_again(company: Company) -> None:
    company.load("customers", FOUR)
    company.refresh()
    with company.session() as session:
        [(row, _, _)] = service.merges(session, company.actor)
        service.undo(session, company.actor, row.public_id)
    assert company.homes() == {name: name for name in "abcd"}
    company.refresh()
    assert company.homes() == {name: name for name in "abcd"}
    with company.session() as session:
        assert service.queue(session, company.actor) == []
        service.merge(session, company.actor, company.customer("a"), company.customer("b"))
    assert company.homes()["b"] == "a"
    company.refresh()
    assert company.homes()["b"] == "a"


def test_customers_of_two_owners_wait_for_a_person(company: Company) -> None:
    company.load("customers", FOUR)
    with company.session() as session:
        for number, name in enumerate("ab"):
            customer = service.customers.get(session, company.actor, company.customer(name))
            customer.owner_id = 1000 + number
    company.refresh()
    assert company.homes()["b"] == "b"
    with company.session() as session:
        [waiting] = service.queue(session, company.actor)
        assert {waiting.left.public_id, waiting.right.public_id} == {company.customer("a"), company.customer("b")}
