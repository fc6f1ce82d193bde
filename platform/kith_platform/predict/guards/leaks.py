"""Columns that know the answer already: what was written down after the outcome, or because of it.

No data prove that a column is a leak; they can only make it suspect. So a suspect is named with its reason, the model is trained
without it, and a person who knows how the column came about may put it back. What is looked for:

- `tells_outcome`: alone it orders the lines as good as perfectly (AUC of at least .98, out of fold).
- `one_value_decides`, `filled_decides`: a value (or that anything is filled in at all) that occurs with the rarer outcome alone,
  too often for chance. Who gave a reason for leaving has left.
- `after_as_of`: days that lie after the day the line speaks of.
- `stands_alone`: with an AUC of at least .75 it makes up more than half of what the whole model knows beyond chance, and nothing
  else in the table can stand in for it: without it (and what repeats it) the model loses more than a fifth of that. What was
  known beforehand is nearly always echoed by other columns, as the date of the last order is by their number; what was written
  down during or after the outcome is not. One or two honest drivers without any echo are suspected, too: that is the price.
  With fewer than three other columns the lack of an echo says nothing, and nobody is suspected for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kith_platform.predict.fits.evaluation import auc, value

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
# AUC, on lines the model has not learnt from, of a model without these columns.
Judge = Callable[[frozenset[str]], float]

CERTAIN = 0.98  # an AUC nobody reaches honestly, of a column or of a whole model
STRONG = 0.75
SLACK = 0.05  # by which the lower end of its interval may lie below
HALF, FIFTH = 0.5, 0.2
PURE, PURE_LINES, PURE_SHARE = 0.99, 20, 0.05
LATER_SHARE = 0.01
OTHERS = 3
ECHO = 0.9  # correlation of two columns' own answers from which one repeats the other
FEWEST = 20  # lines of the rarer outcome below which nothing is told from chance
BINS, FOLDS, SHRINK = 20, 5, 20.0
CANDIDATES, ROUNDS = 5, 4
Z95 = 1.96


@dataclass(frozen=True)
class Column:
    """What one column says of each line: `values` (n,) float64, NaN for missing; codes of its values where `categorical`.

    `later` (n,) bool: its day lies after the line's own; None for what is no day, or where lines have none.
    """

    name: str
    values: Floats
    categorical: bool = False
    later: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Leak:
    """A suspect and why: a code (see the module) with its numbers: `auc` alone, `share` of lines or of the model's gain, `lines`,
    `loss` of gain without it."""

    column: str
    reason: str
    params: Mapping[str, float] = field(default_factory=dict)


def find(columns: Sequence[Column], outcome: Floats, judge: Judge, *, keep: Collection[str] = ()) -> tuple[Leak, ...]:
    """The suspects among `columns` for an outcome (n,) of 0 and 1, the surest first; none of those to `keep`.

    Give it lines of training and validation, never of the test. With fewer than 20 lines of either outcome nothing is found.
    """
    if min(outcome.sum(), outcome.size - outcome.sum()) < FEWEST:
        return ()
    answers = {column.name: own_answer(column, outcome) for column in columns}
    found = [leak for column in columns if column.name not in keep and (leak := _alone(column, answers[column.name], outcome))]
    for _ in range(ROUNDS):  # one may hide behind another
        out = frozenset(leak.column for leak in found)
        rest = [column for column in columns if column.name not in out]
        further = list(_standing_alone(rest, answers, outcome, judge, out, keep))
        if not further:
            break
        found += further
    return tuple(found)


def telling_alone(columns: Sequence[Column], outcome: Floats, things: Ids, *, keep: Collection[str] = ()) -> tuple[Leak, ...]:
    """Those that are suspect whatever the others say, for rows that show the same `things` (n,) on several days.

    One pass over the columns. `stands_alone` is not asked: of features that were computed before the cutoff an honest driver
    without an echo is likelier than a leak. With fewer than 20 things of either outcome nothing is found.
    """
    if min(np.unique(things[outcome == said]).size for said in (0, 1)) < FEWEST:
        return ()
    found = (
        _alone(one, own_answer(one, outcome), outcome, things)
        for one in columns
        if one.name not in keep and not _says_nothing(one)
    )
    return tuple(leak for leak in found if leak is not None)


def _says_nothing(column: Column) -> bool:
    return bool(np.isnan(column.values).all())


def own_answer(column: Column, outcome: Floats) -> Floats:
    """What the column alone says of each line (n,): the rate seen elsewhere (out of fold) for lines of the same value, or of the
    same twentieth of the values; missing is a value of its own."""
    codes = _codes(column)
    fold, size = np.arange(codes.size) % FOLDS, int(codes.max(initial=0)) + 1
    told = np.empty(codes.size)
    for number in range(FOLDS):
        seen = fold != number
        prior = outcome[seen].mean()
        lines = np.bincount(codes[seen], minlength=size)
        yes = np.bincount(codes[seen], outcome[seen], minlength=size)
        told[~seen] = ((yes + SHRINK * prior) / (lines + SHRINK))[codes[~seen]]
    return told


def own_auc(answer: Floats, outcome: Floats) -> tuple[float, float]:
    """AUC of a column's own answer, and the lower end of its 95 % interval (Hanley & McNeil 1982)."""
    found = value(auc, outcome, answer) or 0.5
    yes, no = outcome.sum(), outcome.size - outcome.sum()
    first, second = found / (2 - found), 2 * found**2 / (1 + found)
    variance = (found * (1 - found) + (yes - 1) * (first - found**2) + (no - 1) * (second - found**2)) / (yes * no)
    return found, found - Z95 * float(np.sqrt(max(variance, 0.0)))


def strongest(columns: Sequence[Column], outcome: Floats, most: int = 3) -> tuple[tuple[str, float], ...]:
    """The columns with the highest AUC alone: where to look first when a whole model is too good."""
    found = ((column.name, own_auc(own_answer(column, outcome), outcome)[0]) for column in columns)
    return tuple(sorted(found, key=lambda one: -one[1])[:most])


def _codes(column: Column) -> NDArray[np.int64]:
    known = ~np.isnan(column.values)
    codes = np.zeros(column.values.size, dtype=np.int64)  # 0: missing
    if column.categorical:
        codes[known] = column.values[known].astype(np.int64) + 1
    elif known.any():
        edges = np.unique(np.quantile(column.values[known], np.arange(1, BINS) / BINS))
        # Both sides counted, a value that makes an edge has a bin of its own: often it is the one that means nothing.
        places = np.searchsorted(edges, column.values[known], "left") + np.searchsorted(edges, column.values[known], "right")
        codes[known] = places + 1
    return codes


def _alone(column: Column, answer: Floats, outcome: Floats, things: Ids | None = None) -> Leak | None:
    """Why a column is suspect whatever the others say."""
    if column.later is not None:
        days = ~np.isnan(column.values)
        share = float(column.later[days].mean()) if days.any() else 0.0
        if share >= LATER_SHARE:
            return Leak(column.name, "after_as_of", {"share": share, "lines": int(column.later[days].sum())})
    found, _low = own_auc(answer, outcome)
    if found >= CERTAIN:
        return Leak(column.name, "tells_outcome", {"auc": found})
    return _pure(column, outcome, found, np.arange(outcome.size) if things is None else things)


def _pure(column: Column, outcome: Floats, found: float, things: Ids) -> Leak | None:
    """A value that the rarer outcome alone has: at least 20 things and a twentieth of that outcome, 99 of 100 lines so."""
    rarer = outcome if outcome.mean() <= 0.5 else 1.0 - outcome
    least = max(PURE_LINES, PURE_SHARE * np.unique(things[rarer > 0]).size)
    for reason, holds in _values(column):
        if holds.sum() < least:
            continue
        lines = int(np.unique(things[holds]).size)
        if lines >= least and rarer[holds].mean() >= PURE and rarer.mean() < HALF:
            return Leak(column.name, reason, {"auc": found, "lines": lines, "share": float(rarer[holds].mean())})
    return None


def _values(column: Column) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    known = ~np.isnan(column.values)
    yield "filled_decides", known
    yield "filled_decides", ~known
    if column.categorical:
        for code in np.unique(column.values[known]):
            yield "one_value_decides", column.values == code
    elif known.any():
        usual, times = np.unique(column.values[known], return_counts=True)
        if times.max() >= HALF * known.sum():  # such as 0 for all but those it happened to
            yield "one_value_decides", known & (column.values != usual[times.argmax()])


def _standing_alone(
    rest: Sequence[Column],
    answers: Mapping[str, Floats],
    outcome: Floats,
    judge: Judge,
    out: frozenset[str],
    keep: Collection[str],
) -> Iterator[Leak]:
    own = {column.name: own_auc(answers[column.name], outcome) for column in rest if column.name not in keep}
    strong = [name for name, (found, low) in own.items() if found >= STRONG and low >= STRONG - SLACK]
    strong.sort(key=lambda name: -own[name][0])
    if not strong:
        return
    gain = judge(out) - 0.5
    for name in strong[:CANDIDATES]:
        if gain <= 0 or (own[name][0] - 0.5) / gain <= HALF:
            continue
        echoes = frozenset(one.name for one in rest if one.name not in keep and _echo(answers[name], answers[one.name]))
        if len(rest) - len(echoes) < OTHERS:
            continue
        loss = (gain + 0.5 - judge(out | echoes)) / gain
        if loss > FIFTH:
            yield Leak(name, "stands_alone", {"auc": own[name][0], "share": (own[name][0] - 0.5) / gain, "loss": loss})


def _echo(one: Floats, other: Floats) -> bool:
    if one is other:
        return True
    return bool(one.std() > 0 and other.std() > 0 and np.corrcoef(one, other)[0, 1] > ECHO)
