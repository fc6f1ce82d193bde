"""A labelled table as numbers: typed columns, and the features that training makes of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from kith_platform.labelled.columns import CATEGORY, DAY, TEXT
from kith_platform.predict.guards.leaks import Column as Candidate
from kith_platform.predict.matrix import Matrix

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
LEVELS, LEVEL_LINES = 20, 5  # of a category: at most so many of its values, each seen in so many lines of training
ALL = "all"  # a column of ones, by which the rule that gives everybody the same chance is asked
FEATURE = "f"  # features are numbered: not every name of a column may name a feature of xgboost


@dataclass(frozen=True)
class Typed:
    """A column: numbers, days since 1970-01-01, 1 and 0, or codes of `levels`, (n,), NaN for missing. `planned`: its days lie
    ahead by their nature."""

    name: str
    kind: str
    values: Floats
    levels: tuple[str, ...] = ()
    planned: bool = False


@dataclass(frozen=True)
class Table:
    """Columns of n lines in order. `groups` (n,): equal for lines of one customer; `days` (n,): the day each speaks of, NaN for
    none, or None where there is no such column."""

    columns: tuple[Typed, ...]
    groups: Ids
    days: Floats | None = None

    @property
    def lines(self) -> int:
        return int(self.groups.size)

    def candidates(self, rows: Ids) -> list[Candidate]:
        """The columns as the leak guard reads them."""
        return [
            Candidate(
                one.name,
                one.values[rows],
                categorical=bool(one.levels),
                later=self._later(one)[rows] if one.kind == DAY and not one.planned and self.days is not None else None,
            )
            for one in self.columns
        ]

    def _later(self, one: Typed) -> NDArray[np.bool_]:
        days = self.days if self.days is not None else np.full(self.lines, np.nan)
        return np.asarray(one.values > days)


@dataclass(frozen=True)
class Encoder:
    """What training knows of each column: (name, kind, levels). Values it never saw are no feature.

    `relative`: days count back from the line's own day.
    """

    columns: tuple[tuple[str, str, tuple[str, ...]], ...]
    relative: bool

    @staticmethod
    def of(table: Table, rows: Ids, without: Collection[str] = ()) -> Encoder:
        """From the lines that teach alone."""
        found = [(one.name, one.kind, _seen(one, rows)) for one in table.columns if one.name not in without]
        return Encoder(tuple(found), table.days is not None)

    @property
    def meanings(self) -> tuple[tuple[str, str], ...]:
        """(column, value) of each feature in order; the value is "" where the feature is the column itself."""
        return tuple(
            (name, level) for name, kind, levels in self.columns for level in (levels if kind in (CATEGORY, TEXT) else ("",))
        )

    def name(self, feature: str) -> str:
        """A feature as people read it: its column, and the value that it stands for."""
        if feature == ALL:
            return ""
        column, level = self.meanings[int(feature.removeprefix(FEATURE))]
        return f"{column} = {level}" if level else column

    def matrix(self, table: Table, rows: Ids) -> Matrix:
        """Features of these lines, with the column of ones; ids say whose lines they are."""
        by_name: Mapping[str, Typed] = {one.name: one for one in table.columns}
        columns = [np.ones((rows.size, 1))]
        for name, kind, levels in self.columns:
            one = by_name[name]
            if kind in (CATEGORY, TEXT):
                codes = [one.levels.index(level) if level in one.levels else -1 for level in levels]
                columns.append((one.values[rows][:, None] == np.array(codes, dtype=np.float64)).astype(np.float64))
            else:
                values = one.values[rows]
                if kind == DAY and self.relative and table.days is not None:
                    values = table.days[rows] - values
                columns.append(values[:, None])
        return Matrix(table.groups[rows], np.hstack(columns), (ALL, *(f"{FEATURE}{at}" for at in range(len(self.meanings)))), {})

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def from_bytes(data: bytes) -> Encoder:
        fields = json.loads(data)
        return Encoder(tuple((name, kind, tuple(levels)) for name, kind, levels in fields["columns"]), fields["relative"])


def _seen(one: Typed, rows: Ids) -> tuple[str, ...]:
    """The commonest values of a category among these lines, in the order of their names."""
    if not one.levels:
        return ()
    codes = one.values[rows]
    counts = np.bincount(codes[~np.isnan(codes)].astype(np.int64), minlength=len(one.levels))
    common = [int(code) for code in np.argsort(-counts, kind="stable")[:LEVELS] if counts[code] >= LEVEL_LINES]
    return tuple(one.levels[code] for code in sorted(common))
