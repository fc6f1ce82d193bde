"""From pairs to clusters: the surest pairs first, and never two records together that are certainly apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two records, `left` the smaller id; `weight` in bits of evidence; `why` names the level of likeness per field."""

    left: int
    right: int
    weight: float
    why: str = ""


def settled(
    pairs: Sequence[Pair], *, always: Sequence[tuple[int, int]] = (), never: Collection[tuple[int, int]] = ()
) -> tuple[tuple[tuple[int, ...], ...], tuple[Pair, ...]]:
    """(clusters of two and more records, pairs held back because their clusters hold records that are apart).

    A chain can join what no pair would: A with B by e-mail, B with C by phone, though A and C have different birth days.
    `always` joins first, whatever stands in `never`: a person said so. `never` holds (smaller id, larger id).
    """
    group: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    against: dict[int, set[int]] = {}
    for left, right in never:
        against.setdefault(left, set()).add(right)
        against.setdefault(right, set()).add(left)

    def of(record: int) -> int:
        if record not in group:
            group[record], members[record] = record, [record]
        return group[record]

    def join(one: int, other: int) -> None:
        small, large = sorted((one, other), key=lambda number: len(members[number]))
        for record in members[small]:
            group[record] = large
        members[large] += members.pop(small)

    held_back = []
    for left, right in always:
        if of(left) != of(right):
            join(of(left), of(right))
    for pair in sorted(pairs, key=lambda pair: (-pair.weight, pair.left, pair.right)):
        one, other = of(pair.left), of(pair.right)
        if one == other:
            continue
        smaller, larger = sorted((one, other), key=lambda number: len(members[number]))
        if any(against.get(record, set()) & set(members[larger]) for record in members[smaller]):
            held_back.append(pair)
        else:
            join(one, other)
    found = sorted(tuple(sorted(records)) for records in members.values() if len(records) > 1)
    return tuple(found), tuple(held_back)
