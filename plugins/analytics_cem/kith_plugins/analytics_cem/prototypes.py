"""k-prototypes (Huang, Data Mining and Knowledge Discovery 2, 1998, 283–304) on counted cells: NumPy, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST, STEPS = 8, 30
ABOUT = 0.1  # of the silhouette: so little more is not worth a cluster more
GAMMA = 0.5  # what a different word weighs against one standard deviation of a number, squared


@dataclass(frozen=True)
class Cells:
    """`times` people share each row: its words (codes from 0 on, one column each) and its numbers (standardised)."""

    times: NDArray[np.float64]
    words: NDArray[np.int64]
    numbers: NDArray[np.float64]


@dataclass(frozen=True)
class Clusters:
    """The cluster of each cell, its distance to the cluster's centre, and how well clusters are told apart (−1 to 1)."""

    label: NDArray[np.int64]
    distance: NDArray[np.float64]
    silhouette: float


def clusters(cells: Cells) -> Clusters | None:
    """The fewest of two to eight whose silhouette is about the best; None for fewer than three cells."""
    sizes = range(2, min(MOST, len(cells.times) - 1) + 1)
    found = [_fitted(cells, size) for size in sizes]
    best = max((one.silhouette for one in found), default=0.0)
    return next((one for one in found if one.silhouette >= best - ABOUT), None)


def _fitted(cells: Cells, size: int) -> Clusters:
    import numpy as np

    words, numbers = _starts(cells, size)
    label = np.full(len(cells.times), -1)
    for _step in range(STEPS):
        apart = _distances(cells, words, numbers)
        nearest = apart.argmin(axis=1)
        if (nearest == label).all():
            break
        label = nearest
        for one in range(size):
            if (inside := label == one).any():
                numbers[one] = np.average(cells.numbers[inside], axis=0, weights=cells.times[inside])
                words[one] = _modes(cells, inside)
    apart = _distances(cells, words, numbers)
    label = apart.argmin(axis=1)
    own = apart.min(axis=1)
    # The simplified silhouette: distances to centres instead of to every other row.
    other = np.where(np.arange(size) == label[:, None], np.inf, apart).min(axis=1)
    width = np.where(other > 0, (other - own) / np.where(other > 0, other, 1.0), 0.0)
    single = len(set(label.tolist())) < size
    return Clusters(label, own, -1.0 if single else float(np.average(width, weights=cells.times)))


def _starts(cells: Cells, size: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The cell with most people, then always the one that is farthest from those chosen, by its people."""
    import numpy as np

    chosen = [int(cells.times.argmax())]
    while len(chosen) < size:
        apart = _distances(cells, cells.words[chosen], cells.numbers[chosen]).min(axis=1)
        chosen.append(int((apart * np.sqrt(cells.times)).argmax()))
    return cells.words[chosen].copy(), cells.numbers[chosen].copy()


def _distances(cells: Cells, words: NDArray[np.int64], numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each cell to each centre: squared differences of numbers and GAMMA for each different word."""
    different = (cells.words[:, None, :] != words[None, :, :]).sum(axis=2)
    far = ((cells.numbers[:, None, :] - numbers[None, :, :]) ** 2).sum(axis=2)
    found: NDArray[np.float64] = far + GAMMA * different
    return found


def _modes(cells: Cells, inside: NDArray[np.bool_]) -> Sequence[int]:
    import numpy as np

    counted = [np.bincount(cells.words[inside, column], weights=cells.times[inside]) for column in range(cells.words.shape[1])]
    return [int(one.argmax()) for one in counted]
