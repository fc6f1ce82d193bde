"""Data quality (domain B2 1a): the five measures and their index, of all sources, with each source and field behind them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kith_platform.sdk.types import N_, Metric, MetricScope, Reading


def _reading(measure: str, scope: MetricScope) -> Reading:
    """The share over all sources; `rows` are those of each source, by name, and of each of its fields."""
    found = [one for one in scope.quality() if one.metric == measure]
    whole = next((one for one in found if not one.source and not one.field), None)
    if whole is None:
        return Reading.none() if scope.quality() else Reading.none("not_computed")
    rows = [
        {"source": one.source, "field": one.field, "value": one.value, "n": round(one.whole)}
        | ({} if one.field else {"name": one.source, "share": one.value})
        for one in found
        if one.source and one.value is not None
    ]
    if measure == "index":  # a mean of shares, not a share: no interval of its own
        return Reading(value=whole.value, n=len({row["source"] for row in rows}), rows=tuple(rows))
    return Reading.share(whole.part, whole.whole, rows=rows)


def _metric(measure: str, name: str, words: str) -> Metric:
    compute: Callable[[MetricScope], Reading] = partial(_reading, measure)
    return Metric(
        key=f"cim.dq.{measure}",
        name=name,
        unit="ratio",
        better="up",
        kind="process",
        words=words,
        needs=("customers",),
        compute=compute,
        latest_only=True,
    )


METRICS = (
    _metric(
        "completeness",
        N_("Completeness"),
        N_(
            "Filled required fields, divided by required fields, over all records. 'unknown', 'N/A' and '-' count as empty. "
            "Which fields are required is chosen on the page Data quality."
        ),
    ),
    _metric(
        "validity",
        N_("Validity"),
        N_(
            "Values that pass the rule of their field (form, range, known country), divided by filled values. "
            "An e-mail address that mail came back from is not valid."
        ),
    ),
    _metric(
        "uniqueness",
        N_("Uniqueness"),
        N_(
            "1 − (records − customers) / records, within each source: two records of one source for one customer are a "
            "duplicate. Pairs that wait for review do not count."
        ),
    ),
    _metric(
        "consistency",
        N_("Consistency"),
        N_(
            "Where two sources or more give the same field of one customer: the fields on which they agree, divided by all "
            "such fields. Letter case, spaces, country names and codes, and country prefixes of phones make no difference."
        ),
    ),
    _metric(
        "freshness",
        N_("Freshness"),
        N_("Records verified, or whose customer ordered or paid, in the last 180 days, divided by records."),
    ),
    _metric(
        "index",
        N_("Data quality index"),
        N_(
            "0.25 × completeness + 0.25 × validity + 0.20 × uniqueness + 0.15 × consistency + 0.15 × freshness. "
            "Where a part is missing, the others share its weight."
        ),
    ),
)
