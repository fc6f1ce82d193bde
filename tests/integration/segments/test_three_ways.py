"""A rule means the same to SQL, to a snapshot's frames, to the values of each customer, and to a reader with a pencil."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from kith_platform.customers.models import Attribute, Customer
from kith_platform.facts.models import Consent, CustomerRecord, FxRate, SalesOrder, Ticket
from kith_platform.frames import open_frames
from kith_platform.placements.models import CustomerPlacement
from kith_platform.predict.models import Score
from kith_platform.runtime import Runtime
from kith_platform.segments import compile_frames, compile_sql, few, reading, rules, vocabulary
from kith_platform.segments.counting import Stored
from kith_platform.segments.models import Segment, SegmentMember
from kith_platform.segments.scope import Scope, living
from kith_platform.segments.vocabulary import Vocabulary
from kith_platform.snapshots import service as snapshots
from kith_tenants.tenant import TenantContext

TODAY = dt.date(2026, 6, 15)
COUNTRIES, PLANS, CHANNELS, CODES = ["CN", "SG", "DE", ""], ["gold", "plain", None], ["web", "shop", None], ["A", "B", ""]
KINDS = ("persuadable", "sure_thing", "lost_cause", "sleeping_dog")
ZONE = "Asia/Shanghai"


@dataclass
class Person:
    """What the reader knows of one customer."""

    country: str
    plan: str | None
    seats: float | None
    created: dt.date
    orders: list[dict[str, Any]] = field(default_factory=list)
    consents: list[tuple[dt.datetime, str]] = field(default_factory=list)
    complaint: bool = False
    churn: float | None = None
    kind: str | None = None
    code: str | None = None
    inside: bool = False


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(4), dt.UTC)  # noon in Shanghai


def people(session: Session, seed: int = 7, number: int = 60) -> dict[int, Person]:
    chance = random.Random(seed)
    session.add_all([Attribute(key="plan", label="Plan", kind="text"), Attribute(key="seats", label="Seats", kind="number")])
    inner = Segment(name="Inner", dynamic=False, rule={"all": []})
    session.add(inner)
    session.execute(
        insert(FxRate),
        [
            {"source": "x", "external_id": str(day), "currency_from": "USD", "rate": 7, **dated(day)}
            for day in (TODAY - dt.timedelta(days=40), TODAY - dt.timedelta(days=3))
        ],
    )
    session.flush()
    found = {}
    for place in range(number):
        created = TODAY - dt.timedelta(days=chance.randrange(400))
        one = Person(chance.choice(COUNTRIES), chance.choice(PLANS), chance.choice([None, 1.0, 5.0]), created)
        said = {"plan": one.plan, "seats": one.seats if place % 2 else one.seats and str(one.seats)}
        record = CustomerRecord(source="shop", external_id=str(place), known_at=noon(TODAY))
        row = Customer(name=f"P{place}", country=one.country, created_at=noon(created))
        row.attributes = {key: value for key, value in said.items() if value is not None}
        session.add_all([record, row])
        session.flush()
        record.customer_id = row.id
        found[row.id] = one
        _facts(session, chance, one, record.id, place)
        _results(session, chance, one, row.id, inner.id)
    gone = Customer(name="Gone", country="CN", merged_into=next(iter(found)))
    session.add_all([gone, Customer(name="Test", country="CN", is_test=True)])
    return found


def dated(day: dt.date) -> dict[str, Any]:
    return {"occurred_at": noon(day), "occurred_on": day, "known_at": noon(day)}


def _facts(session: Session, chance: random.Random, one: Person, record: int, place: int) -> None:
    for turn in range(chance.choice([0, 0, 1, 2, 5])):
        day = TODAY - dt.timedelta(days=chance.choice([-2, 0, 1, 5, 29, 30, 31, 90, 200]))
        order = {
            "net": chance.choice([None, 0, 10, 99.5, 300]),
            "currency": chance.choice(["CNY", "CNY", "USD"]),
            "channel": chance.choice(CHANNELS),
            "day": day,
        }
        one.orders.append(order)
        told = {key: value for key, value in order.items() if key != "day"}
        session.add(SalesOrder(source="shop", external_id=f"{place}-{turn}", record_id=record, **told, **dated(day)))
    for turn in range(chance.choice([0, 1, 3])):
        at = noon(TODAY - dt.timedelta(days=chance.randrange(1, 300)))
        status = chance.choice(["granted", "refused"])
        one.consents.append((at, status))
        happened = {"occurred_at": at, "occurred_on": at.date(), "known_at": at}
        session.add(
            Consent(source="shop", external_id=f"{place}-{turn}", record_id=record, channel="email", status=status, **happened)
        )
    if chance.random() < 0.2:
        one.complaint = True
        session.add(Ticket(source="shop", external_id=str(place), record_id=record, is_complaint=True, **dated(TODAY)))


def _results(session: Session, chance: random.Random, one: Person, customer: int, inner: int) -> None:
    if chance.random() < 0.7:
        one.churn = chance.choice([0.1, 0.25, 0.5, 0.9])
        session.add(Score(task="churn", customer_id=customer, value=one.churn, band=1, tier="rule", as_of=TODAY, version=1))
    if chance.random() < 0.7:
        one.kind = chance.choice([*KINDS, None])  # None: a score that says no kind
        extra = {} if one.kind is None else {"without": 0.2, "type": float(KINDS.index(one.kind))}
        told = {"value": 0.01, "band": 1, "tier": "rule", "as_of": TODAY, "version": 1}
        session.add(Score(task="uplift", customer_id=customer, extra=extra, **told))
    if chance.random() < 0.7:
        one.code = chance.choice(CODES)
        session.add(CustomerPlacement(customer_id=customer, key="rfm", code=one.code))
    if chance.random() < 0.3:
        one.inside = True
        session.add(SegmentMember(segment_id=inner, customer_id=customer))


TEXT_TESTS = [{"op": "known"}, {"op": "unknown"}]


def texts(*values: str) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)
    return st.one_of(
        st.builds(lambda op, value: {"op": op, "value": value}, st.sampled_from(["is", "is_not"]), several),
        st.builds(lambda value: {"op": "starts", "value": value[:1]}, st.sampled_from(values)),
        st.sampled_from(TEXT_TESTS),
    )


def numbers(*values: float, missing: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    one = st.builds(
        lambda op, value: {"op": op, "value": value},
        st.sampled_from(["at_least", "at_most", "more", "less", "is"]),
        st.sampled_from(values),
    )
    pair = st.lists(st.sampled_from(values), min_size=2, max_size=2).map(lambda pair: {"op": "between", "value": sorted(pair)})
    return st.one_of(one, pair, st.sampled_from(TEXT_TESTS)) if missing else st.one_of(one, pair)


def days() -> st.SearchStrategy[dict[str, Any]]:
    written = st.sampled_from([0, 1, 29, 30, 31, 90]).map(lambda ago: (TODAY - dt.timedelta(days=ago)).isoformat())
    return st.one_of(
        st.builds(
            lambda op, value: {"op": op, "value": value}, st.sampled_from(["last_days", "before_days"]), st.integers(1, 99)
        ),
        st.builds(lambda op, value: {"op": op, "value": value}, st.sampled_from(["from", "until"]), written),
        st.sampled_from(TEXT_TESTS),
    )


def windows() -> st.SearchStrategy[dict[str, Any]]:
    start = (TODAY - dt.timedelta(days=90)).isoformat()
    return st.one_of(
        st.just({}),
        st.sampled_from([1, 30, 31, 200]).map(lambda span: {"days": span}),
        st.sampled_from([{"from": start}, {"from": start, "until": (TODAY - dt.timedelta(days=29)).isoformat()}]),
    )


def facts() -> st.SearchStrategy[dict[str, Any]]:
    where = st.lists(
        st.one_of(
            texts("web", "shop").map(lambda test: {"column": "channel", **test}),
            numbers(0, 10, 99.5).map(lambda test: {"column": "net", **test}),
        ),
        max_size=2,
    ).map(lambda one: {"where": one} if one else {})
    counted = numbers(0, 1, 2, 3, missing=False).map(lambda test: {"measure": "count", **test})
    summed = numbers(0, 10, 99.5, 109.5, 700, missing=False).map(lambda test: {"measure": "sum", "column": "net", **test})
    dated_ = st.builds(lambda measure, test: {"measure": measure, **test}, st.sampled_from(["first", "last"]), days())
    return st.builds(lambda *parts: {"fact": "orders"} | merge(*parts), windows(), where, st.one_of(counted, summed, dated_))


def merge(*parts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}


def documents(inner: str) -> st.SearchStrategy[dict[str, Any]]:
    leaf = st.one_of(
        facts(),
        texts("CN", "SG").map(lambda test: {"field": "country", **test}),
        days().map(lambda test: {"field": "created", **test}),
        texts("gold", "plain").map(lambda test: {"attribute": "plan", **test}),
        numbers(1, 5).map(lambda test: {"attribute": "seats", **test}),
        numbers(0.1, 0.25, 0.5).map(lambda test: {"score": "churn", **test}),
        texts("persuadable", "sleeping_dog").map(lambda test: {"score": "uplift", "part": "kind", **test}),
        texts("A", "B").map(lambda test: {"placement": "rfm", **test}),
        st.sampled_from(["granted", "refused", "unknown"]).map(lambda status: {"consent": "email", "status": status}),
        st.booleans().map(lambda one: {"complaint": one}),
        st.booleans().map(lambda one: {"segment": inner, "inside": one}),
    )

    def group(part: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        return st.builds(lambda mode, parts: {mode: parts}, st.sampled_from(["all", "any", "none"]), st.lists(part, max_size=3))

    return group(st.one_of(leaf, leaf, group(leaf), facts()))


def reads(person: Person, rule: rules.Group) -> bool:
    """The reader with a pencil: values by hand, then the rule."""
    return rules.holds(rule, list(by_hand(person, rule)), TODAY)


def by_hand(person: Person, rule: rules.Group) -> Iterator[rules.Value]:
    for one in rules.conditions(rule):
        match one:
            case rules.Field(name="country"):
                yield person.country
            case rules.Field():
                yield person.created
            case rules.Attribute(key="plan"):
                yield person.plan
            case rules.Attribute():
                yield person.seats
            case rules.Scored():
                yield person.kind if one.part == "kind" else person.churn
            case rules.Placed():
                yield person.code
            case rules.Consented():
                yield max(person.consents)[1] if person.consents else None
            case rules.Complaining():
                yield person.complaint
            case rules.Inside():
                yield person.inside
            case rules.Happened():
                yield aggregate(person, one)


def aggregate(person: Person, one: rules.Happened) -> rules.Value:
    first = one.start if one.days is None else TODAY - dt.timedelta(days=one.days - 1)
    rows = [
        row
        for row in person.orders
        if row["day"] <= min(one.end or TODAY, TODAY)
        and (first is None or row["day"] >= first)
        and all(where.test.meets(row[where.column], TODAY) for where in one.where)
    ]
    if one.measure == "count":
        return len(rows)
    if one.measure == "sum":
        return float(sum((amount(row) or 0) for row in rows))
    found = [row["day"] for row in rows]
    return (min(found) if one.measure == "first" else max(found)) if found else None


def amount(row: dict[str, Any]) -> float | None:
    if row["net"] is None or row["currency"] == "CNY":
        return row["net"]
    ago = (TODAY - row["day"]).days
    return row["net"] * 7 if 33 <= ago <= 40 or -4 <= ago <= 3 else None


def test_sql_frames_values_and_a_reader_agree_on_every_rule(runtime: Runtime, new_tenant: Any) -> None:
    tenant: TenantContext = new_tenant(timezone=ZONE, currency="CNY")
    with runtime.doors.tenant_scope(tenant.id) as session:
        known = people(session)
    manifest = snapshots.take(runtime, tenant.id)
    with runtime.doors.tenant_scope(tenant.id) as session:
        segment = session.execute(select(Segment)).scalar_one()
        found = vocabulary.of_company(session, runtime.facts, runtime.plugins)
    words = Vocabulary(found.facts, found.attributes, {"rfm": ("RFM", {})}, found.segments)
    scope = Scope(TODAY, "CNY", ZONE, runtime.facts, {segment.public_id: segment.id})

    with open_frames(runtime, tenant, manifest, threads=1, memory_mb=256) as frames:
        tables = frames.at(TODAY)

        @settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(documents(str(segment.public_id)))
        def agree(document: dict[str, Any]) -> None:
            rule = reading.read(document, words)
            assert reading.read(reading.write(rule), words) == rule
            expected = {customer for customer, person in known.items() if reads(person, rule)}
            with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
                asked = select(Customer.id).where(living(), compile_sql.holds(rule, scope))
                by_sql = set(session.execute(asked).scalars())
                by_sets = session.execute(compile_sql.members(rule, scope)).scalars().all()
                values = dict(few.values(session, rule, scope, known))
                by_frames: pa.Table = tables.run(compile_frames.members(rule, Stored(session, scope), tables, scope.facts, TODAY))
            assert by_sql == expected
            assert sorted(by_sets) == sorted(expected)
            assert {customer for customer, told in values.items() if rules.holds(rule, told, TODAY)} == expected
            assert sorted(by_frames["customer_id"].to_pylist()) == sorted(expected)

        agree()
