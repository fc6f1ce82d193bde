"""What customers say, from answers in a file to the value the API gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MARCH = "2026-03"


@pytest.fixture(scope="module")
def company(vectors: Callable[..., Any]) -> Any:
    """60 answers, 45 of them satisfied, 20 on the phone."""
    made = vectors()
    made.bring(
        "survey_responses",
        [
            {
                "id": f"A{number}",
                "customer": f"C{number}",
                "sent_at": "2026-03-10T10:00:00+00:00",
                "kind": "csat",
                "score": 5 if number < 45 else 2,
                "channel": "phone" if number % 3 == 0 else "mail",
            }
            for number in range(60)
        ],
    )
    made.compute(MARCH)
    return made


def test_satisfaction_45_of_60(company: Any) -> None:
    found = company.read("cim.sat.csat", MARCH)
    assert found["value"] == 0.75
    assert (round(found["low"], 4), round(found["high"], 4)) == (0.6277, 0.8422)
