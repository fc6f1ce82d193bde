"""One series as programs read it: the API and the command write the same."""

from __future__ import annotations

from typing import Any

from kith_platform.forecasts import advice, words
from kith_platform.forecasts.make import COMPANY
from kith_platform.forecasts.series import following
from kith_platform.forecasts.service import Advised

LENGTH = {"week": 7, "month": 30, "quarter": 91}
SHOWN = (
    "family", "code", "grain", "method", "reason", "wape", "naive_wape", "mase", "origins", "yoy", "mom", "season",
)  # fmt: skip


def document(found: Advised, say: Any = str) -> dict[str, Any]:
    """Everything of one series; `say` translates its words."""
    row = found.row
    starts = following(row.ends_on, len(row.points), LENGTH[row.grain])
    kind = row.scope.partition(":")[0]
    return {
        "scope": kind,
        "product": found.public_id,
        "number": found.number,
        "name": found.name or (row.scope if kind != COMPANY else COMPANY),
        **{name: getattr(row, name) for name in SHOWN},
        "words": words.verdict(row, say),
        "peaks": advice.months_of(row.season),
        "lows": advice.months_of(row.season, low=True),
        "points": [
            {"starts_on": start, "p10": low, "p50": middle, "p90": high}
            for start, (low, middle, high) in zip(starts, row.points, strict=True)
        ],
        "advice": found.card,
        "peak": found.peak,
        "building": found.building,
    }
