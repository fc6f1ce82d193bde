"""What models learn of attributes: only what was known before the cutoff, and nothing sensitive unasked."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.attributes import features, service
from kith_platform.attributes.kinds import definitions
from kith_platform.errors import Invalid
from kith_platform.frames import open_frames
from kith_platform.predict import service as predict
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.matrix import Matrix, matrix_at
from kith_platform.predict.models import ModelVersion
from kith_platform.snapshots import service as snapshots

CUSTOMERS = (
    "customer_id,since,Born,VIP,Tier,Disability\n1,2020-01-01,1970-05-01,yes,gold,none\n2,2020-01-01,1980-05-01,no,tin,some\n"
)
HISTORY = "customer_id,date,attribute,value\n1,2023-01-10,tier,tin\n1,2023-03-10,tier,gold\n2,2023-02-01,tier,tin\n"


def learnt(company: Any, cutoff: dt.date) -> dict[str, list[Any]]:
    """The attributes' features as of a cutoff, by customer."""
    with company.reading() as session:
        known = definitions(session)
    manifest = snapshots.take(company.runtime, company.tenant.id)
    with open_frames(company.runtime, company.tenant, manifest) as frames:
        found = features.feature_set(known, manifest.attributes)
        if found is None:
            return {}
        tables = frames.before(cutoff)
        rows = tables.run(found.compute(tables, cutoff).order_by("customer_id"))
        return {name: rows[name].to_pylist() for name in rows.column_names if name != "customer_id"}


def by_choice(company: Any, key: str, choice: str) -> str:
    with company.reading() as session:
        one = next(one for one in definitions(session) if one.key == key)
    return next(feature.name for feature in features.features([one]) if feature.label.endswith(choice))


def test_a_dated_attribute_is_as_it_was_known_before_the_cutoff(company: Any) -> None:
    company.load(CUSTOMERS)
    company.load(HISTORY, table="attribute_changes")
    company.keep("Tier", "choice", timing="dated", choices=["gold", "tin"])
    gold, tin = by_choice(company, "tier", "gold"), by_choice(company, "tier", "tin")
    assert learnt(company, dt.date(2023, 1, 10)) == {gold: [None, None], tin: [None, None]}
    assert learnt(company, dt.date(2023, 2, 15)) == {gold: [0.0, 0.0], tin: [1.0, 1.0]}
    assert learnt(company, dt.date(2023, 4, 1)) == {gold: [1.0, 0.0], tin: [0.0, 1.0]}


def test_what_an_import_says_today_no_model_of_yesterday_learns(company: Any) -> None:
    company.load(CUSTOMERS)
    company.keep("VIP", "boolean", timing="dated")
    today = dt.datetime.now(dt.UTC).date()
    assert learnt(company, today) == {"attribute_vip": [None, None]}
    assert learnt(company, today + dt.timedelta(days=2)) == {"attribute_vip": [1.0, 0.0]}


def test_current_values_are_no_features_and_the_reason_is_given(company: Any) -> None:
    company.load(CUSTOMERS)
    company.keep("VIP", "boolean")
    assert learnt(company, dt.date(2023, 1, 1)) == {}
    with company.reading() as session:
        assert "tell a model the future" in features.refused(definitions(session)[0])


def test_fixed_values_hold_at_any_time_and_days_are_counted_to_the_cutoff(company: Any) -> None:
    company.load(CUSTOMERS)
    company.keep("Born", "date", timing="fixed")
    assert learnt(company, dt.date(2023, 5, 2)) == {"attribute_born": [19358.0, 15705.0]}


def test_a_sensitive_attribute_is_learnt_from_only_where_it_is_allowed(company: Any) -> None:
    company.load(CUSTOMERS)
    company.keep("Disability", "choice", timing="fixed", sensitive=True, choices=["none", "some"])
    assert learnt(company, dt.date(2023, 1, 1)) == {}
    with company.writing() as session:
        row = service.get(session, "disability")
        with pytest.raises(Invalid):
            service.allow(session, company.actor, row, in_models=True, purpose="Accessible offers")
        row.in_models = True  # as it was allowed before purpose and consent were asked for
    assert learnt(company, dt.date(2023, 1, 1)) == {}
    with company.writing() as session:
        row = service.get(session, "disability")
        service.allow(session, company.actor, row, in_models=True, purpose="Accessible offers", consent="Form of 2023")
    assert learnt(company, dt.date(2023, 1, 1))[by_choice(company, "disability", "none")] == [1.0, 0.0]


def test_later_values_of_attributes_leave_every_feature_of_every_set_byte_for_byte(company: Any) -> None:
    """All of D0's test in one: dated and current attributes overwritten, later rows of facts shuffled away, fixed ones stay."""
    cutoff = dt.date(2024, 6, 1)
    company.load("customer_id,since,Born,VIP,Tier\n" + "".join(f"{n},2020-01-01,19{60 + n}-05-01,no,tin\n" for n in range(1, 9)))
    company.keep("Born", "date", timing="fixed")
    company.keep("VIP", "boolean")
    company.keep("Tier", "choice", timing="dated", choices=["gold", "tin"])
    company.load(
        "customer_id,date,attribute,value\n"
        + "".join(f"{n},2024-02-{n:02},tier,{'gold' if n % 2 else 'tin'}\n" for n in range(1, 9)),
        table="attribute_changes",
    )
    bought = [f"A{n},2024-0{1 + n % 5}-03,{n},20" for n in range(1, 9)]
    company.load("order_id,order_date,customer_id,net\n" + "\n".join(bought) + "\n", table="orders")
    then = looked(company, cutoff)
    company.load(
        "customer_id,since,Born,VIP,Tier\n" + "".join(f"{n},2020-01-01,19{60 + n}-05-01,yes,gold\n" for n in range(1, 9))
    )
    company.load(
        "customer_id,date,attribute,value\n"
        + "".join(f"{n},2024-06-{n:02},tier,{'tin' if n % 2 else 'gold'}\n" for n in range(1, 9)),
        table="attribute_changes",
    )
    later = [f"B{n},2024-0{7 + n % 3}-03,{n},2000" for n in range(1, 9)]
    company.load("order_id,order_date,customer_id,net\n" + "\n".join(later) + "\n", table="orders")
    now = looked(company, cutoff)
    assert {"attribute_born", by_choice(company, "tier", "gold")} <= set(then.names)
    assert (now.names, now.ids.tolist()) == (then.names, then.ids.tolist())
    assert [name for name in then.names if then.column(name).tobytes() != now.column(name).tobytes()] == []
    after = looked(company, dt.date(2024, 12, 1))
    assert after.column(by_choice(company, "tier", "tin")).tolist() == [1.0, 0.0] * 4, "the later values are there"


def looked(company: Any, cutoff: dt.date) -> Matrix:
    """Every feature of every set, core's, the modules' and the company's own, as of a cutoff."""
    with company.reading() as session:
        known = definitions(session)
    manifest = snapshots.take(company.runtime, company.tenant.id)
    with open_frames(company.runtime, company.tenant, manifest) as frames:
        own = features.feature_set(known, manifest.attributes)
        plugins = company.runtime.plugins
        brought = [found for _plugin, found in plugins.brought("feature_sets", plugins.loaded)]
        assert own is not None
        return matrix_at(frames, [*CORE_FEATURE_SETS, *brought, own], cutoff)


def test_a_training_uses_what_holds_and_leaves_out_what_would_leak(company: Any) -> None:
    """Who stays a customer is written in three columns: one that never changes, one undated, one sensitive."""
    dice = random.Random(5)
    people, orders = [], []
    for number in range(300):
        leaves = number % 2 == 0
        end = dt.date(2024, 1, 1) + dt.timedelta(days=dice.randrange(30, 720)) if leaves else dt.date(2025, 12, 31)
        people.append(f"{number},2023-06-01,{dice.randrange(9)},{int(leaves)},{int(leaves)}")
        day = dt.date(2023, 6, 1) + dt.timedelta(days=dice.randrange(30))
        while day < end:
            orders.append(f"{number}-{day},{day},{number},20")
            day += dt.timedelta(days=dice.randrange(15, 45))
    company.load("customer_id,since,Luck,Left now,Ill\n" + "\n".join(people) + "\n")
    company.load("order_id,order_date,customer_id,net\n" + "\n".join(orders) + "\n", table="orders")
    company.keep("Luck", "number", timing="fixed")
    company.keep("Left now", "number")
    company.keep("Ill", "number", timing="fixed", sensitive=True)
    with company.writing() as session:
        job = predict.ask_training(session, None, ["churn"])
    assert company.run(job.id).state == "done"
    with company.reading() as session:
        version = session.execute(select(ModelVersion).where(ModelVersion.task == "churn")).scalar_one()
    own = [name for name in version.features if name.startswith("attribute_")]
    assert own == ["attribute_luck"], (version.verdict, version.features)
