"""Feasts that move from year to year, known for decades: days since 1 January of each year from 2000 to 2060.

Others, such as Christmas, stand at the same place of the year and are part of the season.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

FIRST_YEAR = 2000
_DAYS = {
    "new_year": "35 23 42 31 21 39 28 48 37 25 44 33 22 40 30 49 38 27 46 35 24 42 31 21 40 28 47 36 25 43 33 22 41 30 49 38 27 "
    "45 34 23 42 31 21 40 29 47 36 25 44 32 22 41 31 49 38 27 45 34 23 42 32",
    "mid_autumn": "255 273 263 253 271 260 278 267 257 275 264 254 273 261 250 269 258 276 266 255 274 263 252 271 260 278 267 "
    "257 276 264 254 273 262 250 269 258 277 266 255 274 263 252 270 259 278 267 257 276 265 253 272 261 250 268 258 277 267 "
    "255 274 263 252",
    "easter": "113 104 89 109 101 85 105 97 82 101 93 113 98 89 109 94 86 105 90 110 102 93 106 98 90 109 94 86 106 90 110 102 "
    "87 106 98 83 103 94 114 99 91 110 95 87 107 98 83 103 95 107 99 91 111 95 87 107 92 111 103 88 108",
}
BEFORE = 21  # days in which people buy for a feast


def dates(feast: str) -> list[dt.date]:
    """The days of `new_year` (lunar), `mid_autumn` or `easter`."""
    days = map(int, _DAYS[feast].split())
    return [dt.date(FIRST_YEAR + place, 1, 1) + dt.timedelta(days=day) for place, day in enumerate(days)]


def shares(starts: list[dt.date], ends: list[dt.date]) -> NDArray[np.float64]:
    """(periods, 3): for each feast how much of the three weeks before it lies in the period [start, end)."""
    first = np.array([day.toordinal() for day in starts])[:, None]
    last = np.array([day.toordinal() for day in ends])[:, None]
    columns = []
    for feast in _DAYS:
        on = np.array([day.toordinal() for day in dates(feast)])[None, :]
        inside = np.minimum(last, on + 1) - np.maximum(first, on - BEFORE + 1)
        columns.append(np.clip(inside, 0, None).sum(axis=1) / BEFORE)
    return np.stack(columns, axis=1)
