"""Whatever file comes, Kith answers in time and with advice, and of what it takes every line is accounted for."""

from __future__ import annotations

from collections.abc import Callable

import corpus

PATIENCE = 30.0  # seconds; the limit of a request, and of reliability's check 40
GROUPS: dict[str, Callable[[], corpus.Files]] = {
    "encodings": corpus.encodings,
    "dialects": corpus.dialects,
    "cells": corpus.cells,
    "shapes": corpus.shapes,
    "disguises": corpus.disguises,
    "damaged": lambda: corpus.damaged(range(60)),
}


def test_there_are_300_of_them() -> None:
    names = {(group, name) for group, files in GROUPS.items() for name, _table, _data in files()}
    assert len(names) >= 300
