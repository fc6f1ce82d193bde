"""Ids that Kith gives where a source gives none."""

from __future__ import annotations

import time
import uuid

from kith_platform.imports.identity import public_ids


def test_public_ids_rise_and_are_uuids_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    found = [uuid.UUID(text) for text in public_ids(50_000)]
    assert found == sorted(found)
    assert len(set(found)) == 50_000
    assert {one.version for one in found} == {7}
    assert {one.variant for one in found} == {uuid.RFC_4122}
    assert abs((found[0].int >> 80) - before) < 5_000, "milliseconds since 1970"
