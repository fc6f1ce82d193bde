"""How many of those a model learnt from were reached by campaigns while it was judged what they do (domain.md D0)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np

from kith_platform.predict.evidence import Ids, day_number
from kith_platform.predict.features.contacts import held_back
from kith_platform.predict.training import Evidence


def reached(evidence: Evidence, looks: Iterable[tuple[Ids, tuple[dt.date, dt.date]]]) -> float | None:
    """Share of rows whose customer was sent something in the row's window [start, end), of looks given as (ids, window).

    None where no campaign contact is known at all, or there are no rows. Control groups were not reached.
    """
    frames = evidence.question.frames
    if not frames.any("touches"):
        return None
    tables = frames.at(evidence.question.as_of)
    rows = tables.touches
    rows = rows.filter(rows.customer_id.notnull(), ~held_back(rows))
    found = tables.run(rows.select("customer_id", day=rows.occurred_on.epoch_days()))
    customer, day = (found[name].to_numpy().astype(np.int64) for name in ("customer_id", "day"))
    touched = everybody = 0
    for ids, (start, end) in looks:
        inside = (day >= day_number(start)) & (day < day_number(end))
        touched += int(np.isin(ids, customer[inside]).sum())
        everybody += ids.size
    return touched / everybody if everybody else None
