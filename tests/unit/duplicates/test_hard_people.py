"""Duplicates found without labels in a base made to be hard. Weights were chosen on other seeds than these."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from hard_people import OTHERS, SAME, people
from judged import found_in, judge

from kith_platform.duplicates.matching import Found
from kith_platform.duplicates.prepared import compared


@pytest.mark.parametrize("seed", [2026, 31337])
def test_hard_people_are_found_and_nobody_is_taken_for_another(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    everybody = people(seed)
    found = found_in([one.seen(number) for number, one in enumerate(everybody)])
    judged = judge(found.clusters, [one.who for one in everybody], [one.kind for one in everybody])
    pairs = Counter(one.kind for one in everybody)
    lines = [f"hard people, seed {seed}: precision {judged.precision:.4f}, recall {judged.recall:.4f}"]
    lines += [f"  {kind:28} found {pairs[kind] // 2 - judged.missed[kind]:3} of {pairs[kind] // 2}" for kind in SAME]
    wrong = {kind: sum(count for mixed, count in judged.wrong.items() if kind in mixed) for kind in OTHERS}
    lines += [f"  {kind:28} wrongly merged {wrong[kind]} of {pairs[kind] // 2}" for kind in OTHERS]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert judged.precision >= 0.995
    assert judged.recall >= 0.85


def _of(*rows: dict[str, str]) -> Found:
    return found_in([compared(number, number, home="CN", **row) for number, row in enumerate(rows)])


def test_two_records_are_enough() -> None:
    found = _of(
        {"name": "王小明", "phone": "13800138000"}, {"name": "Wang Xiaoming", "phone": "+86 138 0013 8000"}, {"name": "李娜"}
    )
    assert found.clusters == ((0, 1),)


def test_a_couple_with_one_phone_is_two_people() -> None:
    found = _of({"name": "王小明", "phone": "13800138000"}, {"name": "李娜", "phone": "13800138000"})
    assert found.clusters == ()


def test_a_chain_does_not_join_what_is_certainly_apart() -> None:
    same = {"name": "王小明", "email": "ming@qq.com"}
    found = _of({**same, "born": "1980-02-03"}, same, {**same, "born": "1955-07-01"})
    assert len(found.clusters) == 1
    assert len(found.clusters[0]) == 2


def test_a_name_and_a_city_alone_are_for_people_to_judge() -> None:
    found = _of({"name": "Xaver Featherstonehaugh", "city": "Bath"}, {"name": "Xaver Featherstonehaugh", "city": "Bath"})
    assert found.clusters == ()


def test_companies_are_one_by_name_and_telephone_and_two_by_name_alone() -> None:
    found = _of(
        {"name": "上海恒泰贸易有限公司", "phone": "021-62345678", "city": "上海"},
        {"name": "上海恆泰貿易股份有限公司", "phone": "+86 21 6234 5678"},
        {"name": "上海恒泰贸易有限公司北京分公司", "phone": "010-81234567", "city": "北京"},
    )
    assert found.clusters == ((0, 1),)


def test_nothing_and_nobody_are_no_duplicates() -> None:
    assert _of().clusters == ()
    assert _of({}, {}, {"name": "Unknown"}, {"name": "Unknown"}).clusters == ()
