"""Feature sets as one matrix: rows are customers of whom any set knows something, columns the features of all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kith_platform.predict.evidence import Floats, Ids
from kith_platform.sdk.types import FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Frames


NOBODY = pa.table({"customer_id": pa.array([], pa.int64())})


@dataclass(frozen=True)
class Matrix:
    """`ids` (n,) whose rows they are, `values` (n, k) float64 with NaN for missing; `names` and known `senses` of its columns."""

    ids: Ids
    values: Floats
    names: tuple[str, ...]
    senses: Mapping[str, int]

    def column(self, name: str) -> Floats:
        return np.asarray(self.values[:, self.names.index(name)])

    def columns(self, names: Sequence[str]) -> Floats:
        """The columns called `names`, in that order, (n, len(names)); NaN for one that nobody computes any more."""
        missing = np.full((self.values.shape[0], 1), np.nan)
        columns = [self.values[:, [self.names.index(name)]] if name in self.names else missing for name in names]
        return np.ascontiguousarray(np.hstack(columns)) if columns else np.zeros((self.values.shape[0], 0))

    def where(self, rows: NDArray[np.bool_]) -> Matrix:
        return Matrix(self.ids[rows], self.values[rows], self.names, self.senses)

    def without(self, names: Collection[str]) -> Matrix:
        """The matrix less the columns called so."""
        if not names:
            return self
        kept = tuple(name for name in self.names if name not in names)
        return Matrix(self.ids, self.columns(kept), kept, self.senses)

    def varying(self) -> tuple[str, ...]:
        """Columns that say something: at least two different known values, or known for some and missing for others."""
        kept = []
        for index, name in enumerate(self.names):
            column = self.values[:, index]
            known = column[~np.isnan(column)]
            if known.size and (np.ptp(known) > 0 or known.size < column.size):
                kept.append(name)
        return tuple(kept)

    @staticmethod
    def stack(parts: Sequence[Matrix]) -> Matrix:
        """Rows of several cutoffs below one another; a customer may occur in each."""
        return Matrix(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.values for part in parts]),
            parts[0].names,
            parts[0].senses,
        )


def matrix_at(frames: Frames, sets: Sequence[FeatureSet], cutoff: dt.date) -> Matrix:
    """Features as they were known before `cutoff`, of all of whom any set knows something; ids ascending.

    A set none of whose facts has a row is not computed: it knows nothing of anybody.
    """
    found = []
    for feature_set in sets:
        if feature_set.needs and not any(frames.any(plural) for plural in feature_set.needs):
            found.append(NOBODY)
            continue
        rows = frames.known(feature_set.compute, cutoff)
        found.append(rows.filter(rows["customer_id"].is_valid()))  # what nobody known did: a stranger's visit, a nameless answer
    ids = [rows["customer_id"].to_numpy().astype(np.int64) for rows in found]
    everybody: Ids = np.unique(np.concatenate(ids)) if ids else np.zeros(0, dtype=np.int64)
    features = [feature for feature_set in sets for feature in feature_set.features]
    values = np.full((everybody.size, len(features)), np.nan)
    column = 0
    for feature_set, rows, own in zip(sets, found, ids, strict=True):
        place = np.searchsorted(everybody, own)
        for feature in feature_set.features:
            if own.size:
                values[place, column] = rows[feature.name].cast("double").to_numpy(zero_copy_only=False)
            column += 1
    return Matrix(
        everybody, values, tuple(feature.name for feature in features), {feature.name: feature.sense for feature in features}
    )
