"""Ids for rows whose source gives none: a digest of the content and its occurrence number among identical rows of the file.

And public ids for all that have a URL, made here a chunk at a time: PostgreSQL asks the system for random bytes row by row.
"""

from __future__ import annotations

import hashlib
import os
import time

import numpy as np
import polars as pl
from numpy.typing import NDArray

Digests = NDArray[np.uint64]


class Occurrences:
    """Counts identical rows from the file's first line on, at eight bytes a row. The same file gives the same ids again."""

    def __init__(self) -> None:
        self._seen: Digests = np.zeros(0, dtype=np.uint64)

    def ids(self, content: pl.Series) -> pl.Series:
        """An id per row: `~<digest>`, and `~<digest>.2` for the second identical row of the file."""
        digests = [hashlib.blake2b(text.encode(), digest_size=16) for text in content.to_list()]
        short = np.array([int.from_bytes(digest.digest()[:8], "big") for digest in digests], dtype=np.uint64)
        before = np.searchsorted(self._seen, short, side="right") - np.searchsorted(self._seen, short, side="left")
        number = before + _rank_among_equals(short)
        self._seen = np.sort(np.concatenate([self._seen, short]), kind="mergesort")
        names = (
            f"~{digest.hexdigest()}" + (f".{count + 1}" if count else "") for digest, count in zip(digests, number, strict=True)
        )
        return pl.Series(list(names), dtype=pl.String)


def public_ids(count: int) -> pl.Series:
    """Rising UUIDs of version 7 (RFC 9562, method 3: the 12 bits behind the milliseconds are their fraction), as hex."""
    raw = np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    micros = np.uint64(time.time_ns() // 1000) + np.arange(count, dtype=np.uint64)
    head = (micros // np.uint64(1000) << np.uint64(16)) | np.uint64(0x7000) | (micros % np.uint64(1000) * np.uint64(4))
    raw[:, :8] = head.astype(">u8").view(np.uint8).reshape(count, 8)
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    return pl.Series(raw.reshape(-1).view("V16").tolist(), dtype=pl.Binary).bin.encode("hex")


def _rank_among_equals(values: Digests) -> NDArray[np.int64]:
    """For each value how many equal ones stand before it."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    fresh = np.ones(values.size, dtype=bool)
    fresh[1:] = ranked[1:] != ranked[:-1]
    starts = np.flatnonzero(fresh)
    run = np.arange(values.size) - np.repeat(starts, np.diff(np.append(starts, values.size)))
    rank = np.empty(values.size, dtype=np.int64)
    rank[order] = run
    return rank
