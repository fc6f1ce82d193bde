"""Which opportunity will be won (domain.md D8).

Asked each week of the open ones; the label is how they closed, and an opportunity that closes after the days of its part are
over is censored there. The rule to beat is how often those that stood in the same stage were won. Calibration is also told by
stage, where pipelines usually err.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from kith_platform.predict.cases import Cases, Ends, Looked, local_days
from kith_platform.predict.evidence import Floats
from kith_platform.predict.features.deals import FEATURES, LOST, WON, deals
from kith_platform.predict.fits import rates
from kith_platform.predict.protocol import Labelled
from kith_platform.predict.training import Evidence

STAGE_EDGES = tuple(round(0.05 * step, 2) for step in range(1, 20))
MOST_CLOSE = 0.9  # of those that closed, this share had done so after the days for which labels are waited
SHORTEST, LONGEST = 14, 180


def look(evidence: Evidence, days: Sequence[dt.date]) -> Looked:
    """The opportunities open before each of the days."""
    each = evidence.question.frames.before_each(days)
    return Looked.of(each.run(deals(each)), FEATURES)


def ends(evidence: Evidence) -> Ends:
    """When each was won, or lost."""
    tables = evidence.question.frames.at(evidence.question.as_of)
    rows = tables.opportunities
    rows = rows.filter(rows.closed_at.notnull(), rows.status.isin((WON, LOST)), ~rows.duplicate.fill_null(False))
    found = tables.run(rows.select("id", "status", "closed_at").order_by("id"))
    won = np.array([status == WON for status in found["status"].to_pylist()], dtype=bool)
    closed = local_days(found, "closed_at", evidence.question.frames.manifest.timezone)
    return Ends(found["id"].to_numpy().astype(np.int64), np.where(won, closed, np.inf), np.where(won, np.inf, closed))


def settles(evidence: Evidence) -> int:
    """Days from opening after which most are closed."""
    tables = evidence.question.frames.before(evidence.question.cutoff)
    rows = tables.opportunities
    rows = rows.filter(rows.closed_at.notnull())
    took = tables.run(rows.select(took=rows.closed_at.date().delta(rows.occurred_on, unit="day")))["took"].to_numpy()
    return int(np.clip(np.quantile(took, MOST_CLOSE), SHORTEST, LONGEST)) if took.size else LONGEST


def by_stage(_evidence: Evidence, test: Labelled, chances: Floats) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was said and what came, for each place of a stage."""
    place = test.matrix.column("deal_position")
    rows = [
        {
            "group": float(each),
            "n": float((place == each).sum()),
            "mean_probability": float(chances[place == each].mean()),
            "rate": float(test.outcome[place == each].mean()),
        }
        for each in np.unique(place[~np.isnan(place)])
    ]
    return {}, {"by_stage": rows}


DEAL = Cases(
    key="opportunities",
    subject="opportunities",
    look=look,
    ends=ends,
    settles=settles,
    rule=rates.Rule("deal_stage_share", STAGE_EDGES),
    prior=0.25,
    plain=("deal_stage_share", "deal_age", "deal_activities"),
    judge=by_stage,
)
