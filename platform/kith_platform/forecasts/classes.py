"""ABC–XYZ of products on plain arrays (domain.md C6): how much of the margin each brings, and how evenly it is asked for."""

from __future__ import annotations

import numpy as np

from kith_platform.forecasts.fits.season import Floats, Ints

A_UNTIL, B_UNTIL = 80, 95  # per cent of the margin before a product
X_UNTIL, Y_UNTIL = 0.5, 1.0
MONTHS = 12


def abc(margin: Ints, tie: Ints) -> list[str]:
    """A while the share of the margin before a product is below 80 %, B below 95 %, C after it and without margin.

    `margin` in whole ten-thousandths, compared by multiplication; `tie` orders equals.

    >>> abc(np.array([50, 20, 10, 6, 5, 4, 3, 2, 0, 0]), np.arange(10))
    ['A', 'A', 'A', 'B', 'B', 'B', 'C', 'C', 'C', 'C']
    """
    letters = ["C"] * margin.size
    whole = sum(int(one) for one in margin if one > 0)
    before = 0
    for place in np.lexsort((tie, -margin)):
        worth = int(margin[place])
        if worth <= 0:
            break
        letters[place] = "A" if before * 100 < A_UNTIL * whole else "B" if before * 100 < B_UNTIL * whole else "C"
        before += worth
    return letters


def variation(monthly: Floats) -> Floats:
    """Population standard deviation over mean of the last twelve months, (products,); a month before the first sale is none.

    NaN where the mean is not positive, or there is no month.

    >>> variation(np.array([[10.0, 11, 9, 10], [10, 2, 14, 6], [0, 0, 20, 0]])).round(4).tolist()
    [0.0707, 0.559, 1.7321]
    """
    recent = monthly[:, -MONTHS:]
    known = ~np.isnan(recent)
    count = np.maximum(known.sum(axis=1), 1)
    seen = np.where(known, recent, 0.0)
    mean = seen.sum(axis=1) / count
    spread = np.sqrt((np.where(known, seen - mean[:, None], 0.0) ** 2).sum(axis=1) / count)
    return np.asarray(np.divide(spread, mean, out=np.full(mean.size, np.nan), where=mean > 0))


def xyz(varies: Floats) -> list[str]:
    """X to a half, Y to one, else Z; nothing sold is Z."""
    return ["X" if one <= X_UNTIL else "Y" if one <= Y_UNTIL else "Z" for one in varies]
