"""The five measures of data quality and their index (domain B2 1a), per source and field, from one snapshot.

completeness  filled required fields / required fields
validity      values that pass their field's rule / filled values; an address that bounced is not valid
uniqueness    1 − (records − clusters) / records, so clusters / records; clusters are the customers of one source's records:
              what the matching was certain of or people confirmed, never what waits for review
consistency   of the values that two sources or more give for the same customer, those that agree / all such
freshness     records verified, or whose customer paid or ordered, in the last 180 days / records
index         .25 completeness + .25 validity + .20 uniqueness + .15 consistency + .15 freshness; a part that is missing gives
              its weight to the others

Of all sources together the sums of the sources are divided; so one person known to two sources is no duplicate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from kith_platform.frames import Tables
from kith_platform.quality.fields import FIELDS, filled
from kith_platform.sdk.types import QualityReading

COMPLETENESS, VALIDITY, UNIQUENESS, CONSISTENCY, FRESHNESS, INDEX = (
    "completeness",
    "validity",
    "uniqueness",
    "consistency",
    "freshness",
    "index",
)
METRICS = (COMPLETENESS, VALIDITY, UNIQUENESS, CONSISTENCY, FRESHNESS, INDEX)
WEIGHTS: Mapping[str, float] = {COMPLETENESS: 0.25, VALIDITY: 0.25, UNIQUENESS: 0.20, CONSISTENCY: 0.15, FRESHNESS: 0.15}
FRESH_DAYS = 180
TRANSACTIONS = ("orders", "payments", "subscription_events")
BOUNCES = ("bounce", "bounced", "hard_bounce", "email_bounce", "email_bounced", "mail_bounced", "退信")
COMPARED = tuple(name for name, field in FIELDS.items() if field.same is not None)

Has = Callable[[str], bool]


def prepared(tables: Tables, day: dt.date, has: Has) -> ir.Table:
    """One row per record: record_id, source, customer_id, birth_year, since, seen (when it was known or verified last), per field
    `<field>_valid` (null where it is not filled) and per compared field `<field>_same`. `day` is that of the reading: later ones
    cannot be.
    """
    rows = filled(tables.records)
    passed = {
        f"{name}_valid": ibis.ifelse(rows[name].isnull(), ibis.null("boolean"), field.valid(rows, day) if field.valid else True)
        for name, field in FIELDS.items()
    }
    same = {f"{name}_same": field.same(rows) for name, field in FIELDS.items() if field.same is not None}
    seen = ibis.greatest(rows.known_at, ibis.coalesce(rows.verified_at, rows.known_at)).date()
    rows = rows.select("record_id", "source", "customer_id", "birth_year", "since", seen=seen, **passed, **same)
    return _bounced(rows, tables) if has("events") else rows


def _bounced(rows: ir.Table, tables: Tables) -> ir.Table:
    """Takes the validity of addresses that mail came back from: the one the event names, else all of the customer's."""
    events = tables["events"]
    back = events.filter(events.name.lower().isin(BOUNCES), events.customer_id.notnull())
    named = back.select(to=back.customer_id, address=ibis.coalesce(back.detail.strip().lower(), "")).distinct()
    own = rows.customer_id == named.to
    joined = rows.left_join(named, [own, (rows.email_same == named.address) | ~named.address.contains("@")])
    once = joined.group_by("record_id").aggregate(came_back=joined.to.notnull().any())
    marked = rows.left_join(once, "record_id").drop("record_id_right")
    return marked.mutate(email_valid=marked.email_valid & ~marked.came_back.fill_null(False)).drop("came_back")


def readings(tables: Tables, rows: ir.Table, required: Sequence[str], day: dt.date, has: Has) -> list[QualityReading]:
    """Every reading of every source and of all (source ""), of every field and of all required ones (field "").

    `rows` as of `prepared`, `day` the last that the data cover.
    """
    counted = tables.run(_counted(rows, tables, day, has)).to_pylist()
    compared = tables.run(_compared(rows)).to_pylist()
    found = [one for row in counted for one in _of_source(row, required)]
    found += [one for row in compared for one in _agreeing(row)]
    found += list(_together(found))
    return found + list(_indices(found))


def _counted(rows: ir.Table, tables: Tables, day: dt.date, has: Has) -> ir.Table:
    """Per source: records, clusters, fresh, and per field how many are filled and valid."""
    start = ibis.literal(day - dt.timedelta(days=FRESH_DAYS - 1))
    fresh = rows.seen >= start
    bought = [tables[plural].select("customer_id", "occurred_on") for plural in TRANSACTIONS if has(plural)]
    if bought:
        every = ibis.union(*bought) if len(bought) > 1 else bought[0]
        buyers = every.filter(every.occurred_on >= start, every.customer_id.notnull()).select(buyer="customer_id").distinct()
        rows = rows.left_join(buyers, rows.customer_id == buyers.buyer)
        fresh = (rows.seen >= start) | rows.buyer.notnull()
    sums: dict[str, ir.Value] = {}
    for name in FIELDS:
        sums[f"{name}_filled"] = rows[f"{name}_valid"].count()
        sums[f"{name}_valid"] = rows[f"{name}_valid"].cast("int64").sum()
    return rows.group_by("source").aggregate(
        records=rows.count(),
        clusters=rows.customer_id.nunique() + rows.customer_id.isnull().cast("int64").sum(),
        fresh=fresh.fill_null(False).cast("int64").sum(),
        **sums,
    )


def checks(rows: ir.Table) -> ir.Table:
    """Of customers that two sources or more know: customer_id, source, and per compared field `<field>_run` (another source
    says something, too) and `<field>_passed` (all say the same).
    """
    several = rows.group_by("customer_id").having(rows.source.nunique() > 1).aggregate(known=rows.count())
    rows = rows.semi_join(several, "customer_id")
    values = rows.select("customer_id", "source", **{name: rows[f"{name}_same"] for name in COMPARED})
    of_source = values.group_by("customer_id", "source").aggregate(
        **{f"{name}_low": values[name].min() for name in COMPARED}, **{f"{name}_high": values[name].max() for name in COMPARED}
    )
    of_all = of_source.group_by("customer_id").aggregate(
        **{f"{name}_sources": of_source[f"{name}_low"].count() for name in COMPARED},
        **{f"{name}_first": of_source[f"{name}_low"].min() for name in COMPARED},
        **{f"{name}_last": of_source[f"{name}_high"].max() for name in COMPARED},
    )
    both = of_source.left_join(of_all, "customer_id").drop("customer_id_right")
    run = {name: both[f"{name}_low"].notnull() & (both[f"{name}_sources"] > 1) for name in COMPARED}
    return both.select(
        "customer_id",
        "source",
        **{f"{name}_run": said for name, said in run.items()},
        **{f"{name}_passed": said & (both[f"{name}_first"] == both[f"{name}_last"]) for name, said in run.items()},
    )


def _compared(rows: ir.Table) -> ir.Table:
    """Per source, and of all ("": each customer's field once): how many checks were run and passed, by field."""
    found = checks(rows)
    counts = [f"{name}_{what}" for name in COMPARED for what in ("run", "passed")]
    by_source = found.group_by("source").aggregate(**{name: found[name].cast("int64").sum() for name in counts})
    once = found.group_by("customer_id").aggregate(**{name: found[name].any() for name in counts})
    of_all = once.aggregate(**{name: once[name].cast("int64").sum() for name in counts}).mutate(source=ibis.literal(""))
    return by_source.union(of_all.select(*by_source.columns))


def _of_source(row: Mapping[str, Any], required: Sequence[str]) -> Iterator[QualityReading]:
    source, records = row["source"], row["records"]
    yield QualityReading(metric=UNIQUENESS, source=source, part=row["clusters"], whole=records)
    yield QualityReading(metric=FRESHNESS, source=source, part=row["fresh"], whole=records)
    for name in FIELDS:
        has, valid = row[f"{name}_filled"], row[f"{name}_valid"] or 0
        if has or name in required:
            yield QualityReading(metric=COMPLETENESS, source=source, field=name, part=has, whole=records)
            yield QualityReading(metric=VALIDITY, source=source, field=name, part=valid, whole=has)
    has = sum(row[f"{name}_filled"] for name in required)
    valid = sum(row[f"{name}_valid"] or 0 for name in required)
    yield QualityReading(metric=COMPLETENESS, source=source, part=has, whole=records * len(required))
    yield QualityReading(metric=VALIDITY, source=source, part=valid, whole=has)


def _agreeing(row: Mapping[str, Any]) -> Iterator[QualityReading]:
    counts = {name: (row[f"{name}_passed"] or 0, row[f"{name}_run"] or 0) for name in COMPARED}
    passed, run = (sum(pair[at] for pair in counts.values()) for at in (0, 1))
    yield QualityReading(metric=CONSISTENCY, source=row["source"], part=passed, whole=run)
    for name, (part, whole) in counts.items():
        if whole:
            yield QualityReading(metric=CONSISTENCY, source=row["source"], field=name, part=part, whole=whole)


def _together(found: Iterable[QualityReading]) -> Iterator[QualityReading]:
    """The sums of all sources. A check between two sources is one check: consistency of all has been counted already."""
    sums: dict[tuple[str, str], tuple[float, float]] = {}
    for one in found:
        if one.metric != CONSISTENCY:
            part, whole = sums.get((one.metric, one.field), (0.0, 0.0))
            sums[one.metric, one.field] = part + one.part, whole + one.whole
    for (metric, field), (part, whole) in sums.items():
        yield QualityReading(metric=metric, field=field, part=part, whole=whole)


def _indices(found: Sequence[QualityReading]) -> Iterator[QualityReading]:
    by_source: dict[str, dict[str, float | None]] = {}
    for one in found:
        if not one.field:
            by_source.setdefault(one.source, {})[one.metric] = one.value
    for source, values in by_source.items():
        value = index(values)
        if value is not None:
            yield QualityReading(metric=INDEX, source=source, part=value, whole=1.0)


def index(values: Mapping[str, float | None]) -> float | None:
    """The weighted mean of the five measures; weights of missing ones go to the others. None without any.

    >>> round(index({"completeness": 0.92, "validity": 0.95, "uniqueness": 0.97, "consistency": 0.9, "freshness": 0.7}), 4)
    0.9015
    """
    known = {name: value for name in WEIGHTS if (value := values.get(name)) is not None}
    weight = sum(WEIGHTS[name] for name in known)
    return sum(WEIGHTS[name] * value for name, value in known.items()) / weight if weight else None
