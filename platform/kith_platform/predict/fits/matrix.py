"""The one form in which features reach a classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Beyond single precision, in which xgboost works; such a value is a mistake in the data, so it counts as missing.
_LARGEST = 1e38


def feature_matrix(matrix: ArrayLike, features: Sequence[str]) -> Floats:
    """(n, k) float64 with one column per feature, missing and infinite values NaN. Raises ValueError for another width."""
    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(features):
        raise ValueError(f"The model reads {len(features)} features; the matrix has the shape {values.shape}.")
    return np.where(np.abs(values) < _LARGEST, values, np.nan)
