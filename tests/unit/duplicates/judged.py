"""Judging what matching found against who is who."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import pyarrow as pa

from kith_platform.duplicates.matching import Found, Matcher
from kith_platform.duplicates.prepared import COLUMNS, Compared, schema


def found_in(records: Sequence[Compared]) -> Found:
    """What matching finds in records in compared form."""
    arrays = [pa.array([getattr(one, name) for one in records], schema().field(name).type) for name in COLUMNS]
    with Matcher(threads=1, memory_mb=512) as matcher:
        matcher.load([pa.RecordBatch.from_arrays(arrays, list(COLUMNS))], schema())
        return matcher.find()


@dataclass(frozen=True)
class Judgement:
    """Over pairs of records in one cluster. `wrong` and `missed` by kind."""

    precision: float
    recall: float
    wrong: Counter[str]
    missed: Counter[str]

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def judge(clusters: Iterable[Sequence[int]], who: Sequence[int], kind: Sequence[str]) -> Judgement:
    """`who[i]` and `kind[i]` of record i."""
    said = {pair for cluster in clusters for pair in combinations(sorted(cluster), 2)}
    groups: dict[int, list[int]] = {}
    for record, person in enumerate(who):
        groups.setdefault(person, []).append(record)
    true = {pair for group in groups.values() for pair in combinations(group, 2)}
    right = said & true
    return Judgement(
        len(right) / max(1, len(said)),
        len(right) / len(true),
        Counter(" / ".join(sorted({kind[left], kind[right_]})) for left, right_ in said - true),
        Counter(kind[left] for left, _ in true - said),
    )
