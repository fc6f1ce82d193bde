"""An earlier version of a question is used again: it scores what there is now, or is refused with words that say why."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kith_platform.audit.models import AuditEntry
from kith_platform.customers.models import Attribute
from kith_platform.errors import Conflict, Forbidden, NotFound
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.labelled import questions, serving
from kith_platform.labelled.models import OwnQuestion
from kith_platform.predict import versions
from kith_platform.predict.models import CHAMPION, ModelVersion, Score
from kith_tenants.context import Actor

TASK, HEADER = "custom:visits.left", "customer_id,as_of,visits,plan,shoe size,religion,cancelled_on,left\n"


def stored(desk: Any) -> dict[int, tuple[float, int, dt.date]]:
    """Value, version and day by customer."""
    columns = select(Score.customer_id, Score.value, Score.version, Score.as_of).where(Score.task == TASK)
    return {who: (value, number, day) for who, value, number, day in desk.do(lambda session: session.execute(columns).all())}


def states(desk: Any) -> dict[int, str]:
    rows = select(ModelVersion.version, ModelVersion.state).where(ModelVersion.task == TASK)
    return dict(desk.do(lambda session: [tuple(one) for one in session.execute(rows)]))


def use(desk: Any, client: Any, number: int) -> Any:
    """Ask by the API for a version; the answer."""

    def addresses(session: Session) -> tuple[Any, Any]:
        row = session.execute(select(OwnQuestion).where(OwnQuestion.task == TASK)).scalar_one()
        return row.public_id, versions.numbered(session, TASK, number).public_id

    question, version = desk.do(addresses)
    return client.post(f"/api/v1/questions/{question}/versions/{version}/use", headers={"X-Kith-Tenant": client.slug})


def done(desk: Any, answer: Any) -> Job:
    assert answer.status_code == 202, answer.json
    found = select(Job).where(Job.public_id == answer.json["job"])
    job: Job = desk.run(desk.do(lambda session: session.execute(found).scalar_one()))
    return job


@pytest.fixture(scope="module")
def two(desk: Any, visited: dict[str, Any]) -> dict[int, tuple[float, int, dt.date]]:
    """Two versions, the second of which learns from a sensitive column and from one line more; what the first said."""
    assert visited["inserted"] == 900
    assert desk.train("left")["state"] == CHAMPION
    first = stored(desk)
    desk.load(f"{HEADER}C0,2025-12-01,0,basic,40,a,,\n", "visits")
    assert desk.train("left", keep=("religion",))["state"] == CHAMPION
    return first


def test_a_version_scores_the_lines_of_today_when_it_serves_again(
    desk: Any, two: dict[int, tuple[float, int, dt.date]], member_of: Callable[..., Any]
) -> None:
    client, second = member_of(desk.tenant, "analyst"), stored(desk)
    assert {number for _value, number, _day in second.values()} == {2}
    assert use(desk, member_of(desk.tenant, "viewer"), 1).status_code == 403
    told = (done(desk, use(desk, client, 1)).result or {})["question"]
    assert told["version"] == 1
    assert states(desk) == {1: "champion", 2: "retired"}
    now = stored(desk)
    newest = min(now)  # the customer who has a line more
    assert {who: value for who, (value, _number, _day) in now.items() if who != newest} == {
        who: value for who, (value, _number, _day) in two.items() if who != newest
    }
    assert now[newest][0] != two[newest][0]
    assert {(number, day) for _value, number, day in now.values()} == {(1, dt.date(2025, 12, 1))}
    question = desk.do(lambda session: session.execute(select(OwnQuestion).where(OwnQuestion.task == TASK)).scalar_one())
    lines = desk.scored(TASK)
    assert (question.keep, len(lines), {one["part"] for one in lines}) == ([], 901, {""})
    assert all(one["chance"] for one in lines)
    acts = desk.do(lambda session: session.execute(select(AuditEntry.action, AuditEntry.detail)).all())
    assert ("question:version_used", {"task": TASK, "version": 1}) in [tuple(one) for one in acts]
    page = client.get(f"/c/{client.slug}/questions/{question.public_id}").text
    assert page.count("Use this version again") == 1
    assert "serves now" in page
    history = client.get(f"/api/v1/questions/{question.public_id}/versions", headers={"X-Kith-Tenant": client.slug}).json
    assert [(one["version"], one["state"]) for one in history["versions"]] == [(2, "retired"), (1, "champion")]
    assert use(desk, client, 1).status_code == 409


def test_a_version_that_learnt_from_a_sensitive_column_is_for_who_may_see_it(
    desk: Any, two: dict[int, tuple[float, int, dt.date]], member_of: Callable[..., Any]
) -> None:
    assert two
    if states(desk)[1] != CHAMPION:
        done(desk, use(desk, member_of(desk.tenant, "owner"), 1))
    assert use(desk, member_of(desk.tenant, "analyst"), 2).status_code == 403
    client = member_of(desk.tenant, "owner")
    question = desk.do(lambda session: session.execute(select(OwnQuestion).where(OwnQuestion.task == TASK)).scalar_one())
    version = desk.do(lambda session: versions.numbered(session, TASK, 2).public_id)
    sent = client.post(f"/c/{client.slug}/questions/{question.public_id}/versions/{version}")
    assert sent.status_code == 302
    job = desk.do(lambda session: session.execute(select(Job).order_by(Job.id.desc()).limit(1)).scalar_one())
    desk.run(job)
    assert states(desk) == {1: "retired", 2: "champion"}
    assert "See the answer" in client.get(sent.location).text
    assert desk.do(lambda session: session.get_one(OwnQuestion, (desk.tenant.id, question.id)).keep) == ["religion"]


def test_where_a_training_is_no_better_nothing_serves_until_a_version_is_put_back(
    desk: Any, two: dict[int, tuple[float, int, dt.date]], member_of: Callable[..., Any]
) -> None:
    assert two
    lot = random.Random(8)
    drawn = "".join(
        f"C{at % 400},2026-{1 + at // 300:02}-{1 + at % 28:02},{lot.randrange(7)},plus,40,a,,{lot.choice(['yes', 'no'])}\n"
        for at in range(1800)
    )
    desk.load(HEADER + drawn, "visits")
    assert desk.train("left", keep=())["verdict"] == "no_better_than_baseline"
    assert (set(states(desk).values()), stored(desk)) == ({"retired", "baseline"}, {})
    client = member_of(desk.tenant, "owner")
    assert use(desk, client, 3).status_code == 409
    done(desk, use(desk, client, 1))
    assert states(desk) == {1: "champion", 2: "retired", 3: "baseline"}
    assert {number for _value, number, _day in stored(desk).values()} == {1}


def test_a_version_whose_columns_are_gone_is_refused_and_the_other_serves_on(boats: Any, member_of: Callable[..., Any]) -> None:
    desk, owner = boats, Actor(None, None, "Ann", "owner", frozenset({"models:train"}))
    for _turn in range(2):
        assert desk.train("boat")["state"] == CHAMPION

    def ask(session: Session) -> Job:
        session.execute(delete(Attribute).where(Attribute.key == "garage"))
        row = session.execute(select(OwnQuestion)).scalar_one()
        found: Job = serving.use_again(session, owner, row, versions.numbered(session, row.task, 1).public_id)
        return found

    job = desk.do(ask)
    run_job(desk.runtime, desk.tenant.id, job.id, unrouted=True)
    ended = desk.do(lambda session: session.get_one(Job, (desk.tenant.id, job.id)))
    assert (ended.state, ended.error_params["columns"]) == ("failed", "attribute: Garage (m)")
    assert "learnt from what is no longer there" in ended.error
    assert desk.do(lambda session: versions.champion(session, "custom:boat").version) == 2
    assert desk.count(Score, Score.version == 2) == 400

    def refused(session: Session) -> None:
        row, other = session.execute(select(OwnQuestion)).scalar_one(), Actor(None, None, "Bo", "viewer", frozenset())
        first, second = (versions.numbered(session, row.task, number).public_id for number in (1, 2))
        for actor, public_id, error in ((other, first, Forbidden), (owner, second, Conflict), (owner, row.public_id, NotFound)):
            with pytest.raises(error):
                serving.use_again(session, actor, row, public_id)

    desk.do(refused)


def test_a_question_deleted_meanwhile_leaves_nothing_behind(boats: Any) -> None:
    desk, owner = boats, Actor(None, None, "Ann", "owner", frozenset({"models:train"}))
    row, job = desk.do(lambda session: questions.ask(session, None, desk.blobs, "boat"))
    desk.do(lambda session: questions.delete(session, owner, questions.get(session, row.public_id)))
    run_job(desk.runtime, desk.tenant.id, job.id, unrouted=True)
    assert desk.count(ModelVersion, ModelVersion.task == row.task) == 0
