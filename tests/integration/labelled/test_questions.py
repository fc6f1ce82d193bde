"""A company brings a table with an outcome and asks a question of its own: from the file to scores, a sealed model and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from kith_platform.auth import permissions
from kith_platform.auth.who import system
from kith_platform.customers.models import Attribute, Customer
from kith_platform.errors import Forbidden, Invalid, KithError
from kith_platform.facts.models import CustomerRecord, Event, SalesOrder
from kith_platform.imports.problems import FileProblem
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.jobs.run import HandedBack, JobRun
from kith_platform.labelled import answering, questions, service, serving
from kith_platform.labelled import jobs as work
from kith_platform.labelled.models import OwnQuestion
from kith_platform.labelled.outcome import NotYesNo
from kith_platform.predict import listing, versions
from kith_platform.predict.artefacts import Tampered
from kith_platform.predict.models import ModelVersion, Score
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

COUNTS = ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")


@pytest.fixture(scope="module")
def bank(shared_data: Path, desk: Any) -> dict[str, Any]:
    """The real campaign of a bank: what its import and the first training said."""
    return {"import": desk.load(shared_data / "bank_additional.csv", "bank"), "train": desk.train("y")}


def test_the_campaign_of_a_bank_names_the_length_of_the_call_as_leak_and_shows_both_splits(
    bank: dict[str, Any], desk: Any, shared_data: Path
) -> None:
    assert {key: bank["import"][key] for key in COUNTS} == dict(zip(COUNTS, (4119, 4119, 0, 0, 0, 0), strict=True))
    told = bank["train"]
    assert [one["column"] for one in told["leaks"]] == ["duration"]
    assert [one["split"] for one in told["splits"]] == ["random", "order"]
    for one in told["splits"]:
        assert one["verdict"] == "better_than_baseline"
        assert one["low"] > 0.05
        assert 0.68 < one["auc"] < 0.9 < one["with_suspects"]["auc"]
        assert one["pr_auc"] < one["with_suspects"]["pr_auc"]
    assert {one["code"] for one in told["warnings"]} == {"suspects_left_out", "random_split"}
    assert "duration" not in desk.do(lambda session: versions.champion(session, "custom:bank.y").features)
    again = desk.load(shared_data / "bank_additional.csv", "bank")
    assert (again["inserted"], again["unchanged"]) == (0, 4119)


def test_the_same_lines_and_seed_give_the_same_sealed_model_and_a_flipped_byte_is_refused(
    bank: dict[str, Any], desk: Any
) -> None:
    again = desk.train("bank.y")
    assert (again["version"], again["sha256"]) == (2, bank["train"]["sha256"])
    key = desk.runtime.model_key

    def flipped(session: Session) -> None:
        row = versions.champion(session, "custom:bank.y")
        assert row is not None
        data = bytearray(versions.artefact(session, row, key))
        data[len(data) // 2] ^= 1
        session.execute(update(ModelVersion).where(ModelVersion.id == row.id).values(artefact=bytes(data)))
        session.expire_all()
        with pytest.raises(Tampered):
            versions.artefact(session, row, key)
        session.rollback()

    desk.do(flipped)
    kept = desk.train("bank.y", keep=("duration",), in_order=True)
    assert (kept["leaks"], kept["splits"][0]["split"]) == ([], "order")
    assert kept["splits"][0]["auc"] > 0.9


def test_days_split_in_time_suspects_and_sensitive_columns_stay_out_and_customers_get_scores(
    desk: Any, visited: dict[str, Any]
) -> None:
    assert visited["inserted"] == 900
    row = desk.table("visits")
    assert (row.as_of_column, row.customer_column) == ("as_of", "customer_id")
    told = desk.train("left")
    assert [one["split"] for one in told["splits"]] == ["time"]
    assert [(one["column"], one["reason"]) for one in told["leaks"]] == [("cancelled_on", "after_as_of")]
    assert told["left_out"] == {"religion": "sensitive", "customer_id": "customer", "as_of": "as_of"}
    assert told["verdict"] == "better_than_baseline"
    assert told["parameters"]["usable"] == 890
    lines = desk.scored("custom:visits.left")
    assert [one["part"] for one in lines[-10:]] == ["unlabelled"] * 10
    assert all(0 < float(one["chance"]) < 1 for one in lines)
    assert [lines[0]["customer"], lines[0]["line"]] == ["C0", "1"]
    assert desk.count(Score, Score.task == "custom:visits.left") == 300
    header, rows = listing.scores(desk.runtime, desk.tenant, "custom:visits.left")
    assert (header[0], len(rows), {row[1] for row in rows}) == ("customer_id", 300, {"file"})
    more = desk.load(desk.visits(910), "visits")
    assert more["inserted"] + more["unchanged"] == 910
    assert desk.table("visits").lines == 900 + more["inserted"]


def test_an_attribute_of_customers_is_asked_from_features_as_of_now(desk: Any) -> None:
    desk.do(
        lambda session: session.add_all(
            [
                Attribute(key="shirt", label="Shirt", kind="choice", choices=["blue", "red"]),
                Attribute(key="age", label="Age", kind="number"),
                Attribute(key="health", label="Health", kind="choice", choices=["a"], sensitive=True, in_models=False),
            ]
        )
    )
    told = desk.train("shirt")
    assert told["verdict"] in {"no_better_than_baseline", "empty", "too_few_customers"}
    assert "attribute_as_of_now" in {one["code"] for one in told["warnings"]}


def test_an_event_is_asked_of_customers_as_they_were_on_former_days(
    desk_of: Callable[..., Any], tenant: TenantContext, client_for: Callable[..., Any]
) -> None:
    own, random = desk_of(tenant), np.random.default_rng(4)

    def history(session: Session) -> None:
        bought, asked = [], []
        for at in range(220):
            customer = Customer(name=f"Customer {at}")
            session.add(customer)
            session.flush()
            record = CustomerRecord(source="file", external_id=f"C{at}", customer_id=customer.id)
            session.add(record)
            session.flush()
            for week in range(64):
                day = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC) + dt.timedelta(days=7 * week + at % 7)
                what = {"source": "file", "external_id": f"{at}-{week}", "record_id": record.id, "occurred_at": day}
                what |= {"occurred_on": day.date(), "known_at": day}
                if week % (4 + at % 2 * 20) == 0:  # every other customer buys often
                    bought.append({**what, "currency": "USD", "net": 10})
                if random.random() < (0.002 if at % 2 else 0.1):
                    asked.append({**what, "name": "demo_asked"})
        session.execute(insert(SalesOrder), bought)
        session.execute(insert(Event), asked)

    own.do(history)
    with pytest.raises(questions.NoOutcome):
        own.ask("event:never_seen")
    told = own.train("event:demo_asked")
    assert (told["verdict"], [one["split"] for one in told["splits"]]) == ("better_than_baseline", ["time"])
    assert told["splits"][0]["low"] > 0.05
    assert own.count(Score, Score.task == "custom:event:demo_asked") == 220
    public_id = own.do(lambda session: session.execute(select(Customer.public_id).limit(1)).scalar_one())
    page = client_for("owner").get(f"/c/{tenant.slug}/customers/{public_id}").text
    assert "asked of: Customers, in the next 90 days" in page
    assert "Chance of “demo_asked” as of" in page
    assert "Typical of “demo_asked”:" in page or "Typical of those without “demo_asked”:" in page
    values = select(Score.customer_id, Score.value, Score.version).order_by(Score.customer_id)
    first = own.do(lambda session: [tuple(one) for one in session.execute(values)])
    assert own.train("event:demo_asked", seed=2)["version"] == 2

    def back(session: Session) -> Job:
        row = session.execute(select(OwnQuestion)).scalar_one()
        ann = Actor(None, None, "Ann", "analyst", permissions.of_role("analyst"))
        found: Job = serving.use_again(session, ann, row, versions.numbered(session, row.task, 1).public_id)
        return found

    own.run(own.do(back))
    assert own.do(lambda session: [tuple(one) for one in session.execute(values)]) == first


BAD: dict[str, tuple[str, str, str]] = {
    "constant": ("a,y\n" + "1,yes\n1,no\n" * 200, "y", "no_variation"),
    "missing": ("a,y\n" + ",yes\n,no\n" * 200, "y", "no_variation"),
    "oneclass": ("a,b,y\n" + "".join(f"{at % 7},{at % 3},yes\n" for at in range(400)), "y", "one_class"),
    "ten": ("a,y\n" + "".join(f"{at},{'yes' if at % 2 else 'no'}\n" for at in range(10)), "y", "too_few_customers"),
    "nolabel": ("a,b,y\n" + "".join(f"{at % 7},{at % 3},n/a\n" for at in range(100)), "y", "empty"),
    "noise": (
        "a,b,y\n" + "".join(f"{at * 37 % 101},{at * 53 % 89},{at * 7 % 11 % 2}\n" for at in range(990)),
        "y",
        "no_better_than_baseline",
    ),
    "latest first": (
        "as_of,a,y\n" + "".join(f"2025-{12 - at // 100:02}-01,{at * 37 % 101},{at * 7 % 5 % 2}\n" for at in range(900)),
        "y",
        "no_better_than_baseline",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD))
def test_tables_that_teach_nothing_are_a_result_and_no_error(desk: Any, case: str) -> None:
    text, asked, verdict = BAD[case]
    name = case.replace(" ", "_")
    desk.load(text, name)
    told = desk.train(f"{name}.{asked}")
    assert (told["verdict"], told["state"] in {"not_trained", "baseline"}) == (verdict, True)
    assert desk.count(Score, Score.task == told["model"]) == 0


def test_what_cannot_be_asked_is_refused_with_what_there_is(desk: Any) -> None:
    desk.load("size,colour,y\n" + "".join(f"{at},{['red', 'blue', 'green'][at % 3]},{at % 2}\n" for at in range(60)), "wares")
    desk.load("colour,y\nred,1\nblue,0\n", "paints")
    for asked, error, said in (
        ("nowhere", questions.NoOutcome, "wares.colour"),
        ("wares.colour", NotYesNo, "colour=blue"),
        ("wares.size", NotYesNo, "size>="),
        ("y", questions.SeveralOutcomes, "wares.y"),
    ):
        with pytest.raises(error, match=said):
            desk.ask(asked)
    with pytest.raises(service.NoColumn, match="size, colour, y"):
        desk.ask("wares.y", keep=("weight",))
    with pytest.raises(service.OtherColumns, match="size, colour, y"):
        desk.load("size,y\n1,1\n2,0\n", "wares")
    with pytest.raises(service.NoColumn):
        desk.load("size,y\n1,1\n2,0\n", "others", as_of_column="day")
    with pytest.raises(FileProblem, match="500"):
        desk.load(",".join(f"c{at}" for at in range(2000)) + "\n" + ",".join("1" * 2000) + "\n", "wide")
    with pytest.raises(Invalid):
        desk.load("size,y\n1,1\n", "no name")
    ragged = desk.load("size,y\n1,1\n2\n3,0\n", "ragged")
    assert (ragged["read"], ragged["inserted"], ragged["rejected"]) == (3, 2, 1)
    with desk.blobs.open(ragged["rejects"]) as stream:
        assert b"The line has 1 field" in stream.read()
    assert desk.train("wares.size>=30")["verdict"] == "too_few_customers"


def test_models_learn_from_sensitive_columns_only_where_a_person_may_decide_so(desk: Any, visited: dict[str, Any]) -> None:
    def actor(*more: str) -> Actor:
        return Actor(None, None, "Ann", "analyst", permissions.of_role("analyst") | set(more))

    def ask(who: Actor) -> Callable[[Session], Any]:
        return lambda session: questions.ask(session, who, desk.blobs, "visits.left", keep=("religion",))

    assert visited["read"] == 900
    with pytest.raises(Forbidden):
        desk.do(ask(actor()))
    row, job = desk.do(ask(actor(questions.SENSITIVE)))
    told = (desk.run(job).result or {})["question"]
    assert "religion" not in told["left_out"]
    assert row.keep == ["religion"]


@pytest.mark.parametrize("place", ["written", "_kept", "clean"])
def test_a_worker_that_goes_away_in_training_leaves_one_version_to_the_next(
    desk: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Gone before the lines are written, before the version is, and after it."""
    name = f"gone{place}"
    desk.load("a,y\n" + "".join(f"{at * 7 % 31},{at * 37 % 101 % 2}\n" for at in range(400)), name)
    job = desk.ask(f"{name}.y")

    def gone(*_args: Any, **_given: Any) -> None:
        monkeypatch.undo()
        raise HandedBack

    monkeypatch.setattr(*((JobRun, "result") if place == "clean" else (answering, place)), gone)
    run_job(desk.runtime, desk.tenant.id, job.id, unrouted=True)
    assert desk.count(ModelVersion, ModelVersion.task == f"custom:{name}.y") == (place == "clean")
    done = desk.run(job)
    assert done.attempt == 2
    assert desk.count(ModelVersion, ModelVersion.task == f"custom:{name}.y") == 1


def test_two_files_for_one_table_at_once_lose_no_line(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.load("a,y\n1,1\n2,0\n", "twice")
    written = work._written

    def overtaken(run: Any, there: Any, texts: Any) -> dict[str, Any]:
        found = written(run, there, texts)
        monkeypatch.setattr(work, "_written", written)
        desk.load("a,y\n3,1\n", "twice")
        return found

    monkeypatch.setattr(work, "_written", overtaken)
    job = desk.ask_load("a,y\n4,1\n", "twice")
    run_job(desk.runtime, desk.tenant.id, job.id, unrouted=True)
    assert desk.do(lambda session: session.get_one(Job, (desk.tenant.id, job.id)).state) == "failed"
    assert desk.table("twice").lines == 3
    assert desk.load("a,y\n4,1\n", "twice")["inserted"] == 1


def test_deleting_a_table_takes_its_questions_models_scores_and_files(
    desk: Any, visited: dict[str, Any], other_tenant: TenantContext
) -> None:
    row = desk.table("visits")
    assert row.lines >= visited["read"]
    with desk.runtime.doors.tenant_scope(other_tenant.id, read_only=True) as session:
        assert service.listing(session) == []
        assert questions.listing(session) == []
        with pytest.raises(KithError):
            service.get(session, row.public_id)
    desk.do(lambda session: service.delete(session, system(), service.get(session, row.public_id)))
    for table in (OwnQuestion, ModelVersion, Score):
        assert desk.count(table, table.task.like("custom:visits.%")) == 0
    assert desk.blobs.exists(row.blob)
    for job in desk.do(lambda session: session.execute(select(Job).where(Job.kind == service.CLEAN)).scalars().all()):
        desk.run(job)
    assert not desk.blobs.exists(row.blob)
