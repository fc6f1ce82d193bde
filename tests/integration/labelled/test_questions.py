"""A company brings a table with an outcome and asks a question of its own: from the file to scores, a sealed model and back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from kith_platform.auth import permissions
from kith_platform.auth.who import system
from kith_platform.customers.models import Attribute, Customer
from kith_platform.errors import Forbidden, Invalid, KithError
from kith_platform.facts.models import CustomerRecord, Event, SalesOrder
from kith_platform.imports import uploads
from kith_platform.imports.problems import FileProblem
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.jobs.run import HandedBack, JobRun
from kith_platform.labelled import jobs as work
from kith_platform.labelled import questions, service
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.labelled.outcome import NotYesNo
from kith_platform.predict import listing, versions
from kith_platform.predict.artefacts import Tampered
from kith_platform.predict.models import ModelVersion, Score
from kith_platform.runtime import Runtime
from kith_tenants import registry
from kith_tenants.context import Actor
from kith_tenants.tenant import TenantContext

COUNTS = ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")


class Desk:
    """A tenant whose jobs run in this process."""

    def __init__(self, runtime: Runtime, tenant: TenantContext, folder: Path) -> None:
        self.runtime, self.tenant, self.folder = runtime, tenant, folder
        self.blobs = runtime.blobs.of(tenant.id)

    def do(self, what: Callable[[Session], Any]) -> Any:
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            return what(session)

    def ask_load(self, text: str | Path, name: str, **given: str) -> Job:
        path = text if isinstance(text, Path) else self.folder / f"{name}.csv"
        if isinstance(text, str):
            path.write_text(text, encoding="utf-8")
        with path.open("rb") as stream:
            kept = uploads.keep_file(self.blobs, stream)
        found: Job = self.do(lambda session: service.ask_load(session, None, self.blobs, kept, path.name, name=name, **given))
        return found

    def load(self, text: str | Path, name: str, **given: str) -> dict[str, Any]:
        result = dict(self.run(self.ask_load(text, name, **given)).result or {})
        assert result["read"] == sum(result[key] for key in COUNTS[1:])
        return result

    def ask(self, outcome: str, **given: Any) -> Job:
        job: Job = self.do(lambda session: questions.ask(session, None, self.blobs, outcome, **given)[1])
        return job

    def train(self, outcome: str, **given: Any) -> dict[str, Any]:
        told: dict[str, Any] = (self.run(self.ask(outcome, **given)).result or {})["question"]
        return told

    def run(self, asked: Job) -> Job:
        run_job(self.runtime, self.tenant.id, asked.id, unrouted=True)
        done: Job = self.do(lambda session: session.get_one(Job, (self.tenant.id, asked.id)))
        assert done.state == "done", (done.error, done.error_params)
        return done

    def table(self, name: str) -> LabelledSet:
        found: LabelledSet = self.do(lambda session: service.by_name(session, name))
        return found

    def count(self, table: Any, *where: Any) -> int:
        number: int = self.do(lambda session: session.execute(select(func.count()).select_from(table).where(*where)).scalar_one())
        return number

    def scored(self, task: str) -> list[dict[str, str]]:
        """The lines of the file with everybody's chance."""
        blob = self.do(lambda session: session.execute(select(OwnQuestion.scored).where(OwnQuestion.task == task)).scalar_one())
        with self.blobs.open(blob) as stream:
            return list(csv.DictReader(io.StringIO(stream.read().decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def desk(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    with runtime.doors.auth_scope() as session:
        tenant = registry.create(session, f"l-{os.getpid()}", name="Labelled company")
    return Desk(runtime, tenant, tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def bank(shared_data: Path, desk: Desk) -> dict[str, Any]:
    """The real campaign of a bank: what its import and the first training said."""
    return {"import": desk.load(shared_data / "bank_additional.csv", "bank"), "train": desk.train("y")}


def visits(lines: int = 900, *, seed: int = 5) -> str:
    """Lines of customers on days, the outcome by two columns of three, and columns that no model should see."""
    random = np.random.default_rng(seed)
    out = ["customer_id,as_of,visits,plan,shoe size,religion,cancelled_on,left"]
    for at in range(lines):
        seen, plan, size = random.poisson(3), random.choice(["basic", "plus", "pro"]), random.integers(36, 46)
        odds = -0.4 - 0.6 * (seen - 3) + (plan == "basic") * 0.9
        left = random.random() < 1 / (1 + np.exp(-odds))
        month = 1 + at * 9 // lines
        gone = f"2025-{month + 2:02}-10" if left and at % 2 else ""
        said = "yes" if left else "no"
        label = said if at < lines - 10 else ""
        out.append(f"C{at % 400},2025-{month:02}-{1 + at % 28:02},{seen},{plan},{size},{'abc'[at % 3]},{gone},{label}")
    return "\n".join(out) + "\n"


@pytest.fixture(scope="module")
def visited(desk: Desk) -> dict[str, Any]:
    """Lines of customers, 300 of them known."""

    def base(session: Session) -> None:
        for at in range(300):
            customer = Customer(name=f"Customer {at}", attributes={"shirt": "blue" if at % 3 else "red", "age": at % 60})
            session.add(customer)
            session.flush()
            session.add(CustomerRecord(source="file", external_id=f"C{at}", customer_id=customer.id))

    desk.do(base)
    return desk.load(visits(), "visits")


def test_the_campaign_of_a_bank_names_the_length_of_the_call_as_leak_and_shows_both_splits(
    bank: dict[str, Any], desk: Desk, shared_data: Path
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
    bank: dict[str, Any], desk: Desk
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
    desk: Desk, visited: dict[str, Any]
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
    more = desk.load(visits(910), "visits")
    assert more["inserted"] + more["unchanged"] == 910
    assert desk.table("visits").lines == 900 + more["inserted"]


def test_an_attribute_of_customers_is_asked_from_features_as_of_now(desk: Desk) -> None:
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
    runtime: Runtime, tenant: TenantContext, tmp_path: Path
) -> None:
    own, random = Desk(runtime, tenant, tmp_path), np.random.default_rng(4)

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
def test_tables_that_teach_nothing_are_a_result_and_no_error(desk: Desk, case: str) -> None:
    text, asked, verdict = BAD[case]
    name = case.replace(" ", "_")
    desk.load(text, name)
    told = desk.train(f"{name}.{asked}")
    assert (told["verdict"], told["state"] in {"not_trained", "baseline"}) == (verdict, True)
    assert desk.count(Score, Score.task == told["model"]) == 0


def test_what_cannot_be_asked_is_refused_with_what_there_is(desk: Desk) -> None:
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


def test_models_learn_from_sensitive_columns_only_where_a_person_may_decide_so(desk: Desk, visited: dict[str, Any]) -> None:
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


@pytest.mark.parametrize("place", ["_scored_lines", "_kept", "clean"])
def test_a_worker_that_goes_away_in_training_leaves_one_version_to_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Gone before the lines are written, before the version is, and after it."""
    name = f"gone{place}"
    desk.load("a,y\n" + "".join(f"{at * 7 % 31},{at * 37 % 101 % 2}\n" for at in range(400)), name)
    job = desk.ask(f"{name}.y")

    def gone(*_args: Any, **_given: Any) -> None:
        monkeypatch.undo()
        raise HandedBack

    monkeypatch.setattr(*((JobRun, "result") if place == "clean" else (work, place)), gone)
    run_job(desk.runtime, desk.tenant.id, job.id, unrouted=True)
    assert desk.count(ModelVersion, ModelVersion.task == f"custom:{name}.y") == (place == "clean")
    done = desk.run(job)
    assert done.attempt == 2
    assert desk.count(ModelVersion, ModelVersion.task == f"custom:{name}.y") == 1


def test_two_files_for_one_table_at_once_lose_no_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
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
    desk: Desk, visited: dict[str, Any], other_tenant: TenantContext
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
