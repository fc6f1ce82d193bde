"""Scores of own questions in segments' rules and in the list of scores: for who may see them, and as long as the question is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kith_platform.attributes.service import FEATURE
from kith_platform.customers.models import Attribute
from kith_platform.errors import Conflict
from kith_platform.jobs.models import Job
from kith_platform.labelled import questions, service
from kith_platform.labelled.models import OwnQuestion
from kith_platform.predict.models import Score
from kith_platform.refresh import service as refresh
from kith_platform.segments import service as segments
from kith_platform.segments import vocabulary
from kith_platform.segments.models import FAILED, READY, Segment, SegmentMember
from kith_tenants.context import Actor

TASK = "custom:visits.left"
LIKELY = {"score": TASK, "op": "at_least", "value": 0.5}
HIGH = {"all": [{"score": TASK, "part": "band", "op": "at_most", "value": 2}, {"score": TASK, "part": "tier", "op": "known"}]}


def ids(desk: Any, *where: Any) -> set[int]:
    """Customers whose score fulfils it."""
    found = select(Score.customer_id).where(Score.task == TASK, *where)
    return set(desk.do(lambda session: session.execute(found).scalars().all()))


def members(desk: Any, name: str) -> set[int]:
    found = select(SegmentMember.customer_id).join(Segment, Segment.id == SegmentMember.segment_id).where(Segment.name == name)
    return set(desk.do(lambda session: session.execute(found).scalars().all()))


def run_waiting(desk: Any, kind: str) -> None:
    waiting = select(Job).where(Job.kind == kind, Job.finished_at.is_(None)).order_by(Job.id)
    for job in desk.do(lambda session: session.execute(waiting).scalars().all()):
        desk.run(job)


@pytest.fixture(scope="module")
def asked(desk: Any, visited: dict[str, Any], member_of: Callable[..., Any]) -> Any:
    """A company whose question has scores, with two segments that ask for them; its owner's browser."""
    assert visited["inserted"] == 900
    assert desk.train("left")["verdict"] == "better_than_baseline"
    client = member_of(desk.tenant, "owner")
    client.environ_base["HTTP_X_KITH_TENANT"] = client.slug
    for name, rule in (("Likely", {"all": [LIKELY]}), ("High", HIGH)):
        sent = client.post("/api/v1/segments", json={"name": name, "rule": rule})
        assert sent.status_code == 201, sent.json
    run_waiting(desk, segments.FILL)
    return client


def test_a_rule_asks_for_the_scores_of_an_own_question(desk: Any, asked: Any) -> None:
    likely = ids(desk, Score.value >= 0.5)
    assert 0 < len(likely) < 300
    assert members(desk, "Likely") == likely
    assert members(desk, "High") == ids(desk, Score.band <= 2)
    row = desk.do(lambda session: segments.named(session, "Likely"))
    page = asked.get(f"/c/{asked.slug}/segments/{row.public_id}").text
    assert "Chance of “left” (visits): at least 50.0%" in page
    editing = asked.get(f"/c/{asked.slug}/segments/{row.public_id}/edit").text
    assert f'value="score:{TASK}.value" selected' in editing
    assert f'value="score:{TASK}.band"' in editing
    assert f'value="score:{TASK}.kind"' not in editing
    typed = {"r.mode": "all", "r.0.what": f"score:{TASK}.value", "r.0.op": "at_least", "r.0.v1": "50"}
    assert f">{len(likely)}<" in asked.post(f"/c/{asked.slug}/segments/count", data=typed).text


def test_who_may_not_see_scores_cannot_ask_for_them(desk: Any, asked: Any) -> None:
    assert asked

    def known(session: Session, *may: str) -> set[str]:
        actor = Actor(None, None, "Ann", "agent", frozenset(may))
        return set(vocabulary.of_company(session, desk.runtime.facts, desk.runtime.plugins, actor).scores)

    blind, seeing = desk.do(lambda session: (known(session, "segments:read"), known(session, "segments:read", "models:read")))
    assert seeing - blind == {TASK}
    assert "churn" in blind


def test_another_version_moves_the_members_with_the_next_refresh(desk: Any, asked: Any) -> None:
    assert asked
    desk.do(refresh.ask_refresh)
    run_waiting(desk, "refresh.run")
    before = members(desk, "Likely")
    likely = min(before)
    number = desk.do(lambda session: session.execute(select(Score.value).where(Score.customer_id == likely)).scalars().first())
    assert number >= 0.5
    name = f"C{likely - min(ids(desk))}"  # in the order in which they were made
    header = "customer_id,as_of,visits,plan,shoe size,religion,cancelled_on,left\n"
    desk.load(f"{header}{name},2025-12-01,12,pro,40,a,,\n", "visits")
    desk.train("left")
    run_waiting(desk, "refresh.run")
    after = members(desk, "Likely")
    assert likely not in after
    assert after == ids(desk, Score.value >= 0.5)


def test_programs_list_the_scores_with_reasons_for_who_may_see_them(desk: Any, asked: Any, member_of: Callable[..., Any]) -> None:
    url = f"/api/v1/scores?model={TASK}&limit=2"
    first = asked.get(url).json
    second = asked.get(f"{url}&after={first['next']}").json
    values = [one["value"] for one in (*first["scores"], *second["scores"])]
    assert values == sorted(values, reverse=True)
    assert len({one["customer"] for one in (*first["scores"], *second["scores"])}) == 4
    assert all(one["reasons"] and one["words"] for one in first["scores"])
    viewer = member_of(desk.tenant, "viewer")
    viewer.environ_base["HTTP_X_KITH_TENANT"] = viewer.slug
    plain = viewer.get(url).json["scores"]
    assert [(one["value"], one["reasons"], one["words"]) for one in plain] == [(value, [], []) for value in values[:2]]
    assert viewer.get("/api/v1/scores?model=custom:nothing").status_code == 422


def test_programs_see_no_sensitive_attribute_among_the_reasons_of_a_models_scores(
    desk: Any, asked: Any, member_of: Callable[..., Any]
) -> None:
    def scored(session: Session) -> None:
        session.add(Attribute(key="health", label="Health", kind="choice", choices=["a"], sensitive=True))
        reasons = [{"feature": one, "value": 1.0, "effect": 0.9} for one in (f"{FEATURE}health.abc", "recency")]
        given = {"band": 1, "tier": "xgboost", "as_of": dt.date(2026, 6, 1), "version": 1, "extra": {}, "reasons": reasons}
        session.add(Score(task="churn", customer_id=min(ids(desk)), value=0.6, **given))

    desk.do(scored)
    viewer = member_of(desk.tenant, "viewer")
    viewer.environ_base["HTTP_X_KITH_TENANT"] = viewer.slug
    seen = [client.get("/api/v1/scores?model=churn").json["scores"][0]["reasons"] for client in (viewer, asked)]
    assert [[one["feature"] for one in told] for told in seen] == [["recency"], [f"{FEATURE}health.abc", "recency"]]


def test_a_question_that_a_rule_asks_for_cannot_be_deleted_and_one_that_is_gone_anyway_breaks_nothing(
    desk: Any, asked: Any
) -> None:
    row = desk.do(lambda session: session.execute(select(OwnQuestion).where(OwnQuestion.task == TASK)).scalar_one())
    owner = Actor(None, None, "Ann", "owner", frozenset({"models:train"}))
    refused = asked.post(f"/c/{asked.slug}/questions/{row.public_id}/delete")
    assert (refused.status_code, "Likely" in refused.text) == (409, True)
    with pytest.raises(Conflict, match="High, Likely"):
        desk.do(lambda session: service.delete(session, owner, service.by_name(session, "visits")))
    before = members(desk, "High")
    desk.do(lambda session: session.execute(delete(OwnQuestion).where(OwnQuestion.id == row.id)))
    for name in ("High", "Likely"):
        desk.do(lambda session, name=name: segments.ask(session, segments.named(session, name)))
    run_waiting(desk, segments.FILL)
    states = desk.do(lambda session: {one.name: one.state for one in segments.listed(session)})
    assert (states, members(desk, "High")) == ({"High": FAILED, "Likely": FAILED}, before)
    public_id = desk.do(lambda session: segments.named(session, "High").public_id)
    assert "speaks of something that is there no more" in asked.get(f"/c/{asked.slug}/segments/{public_id}").text


def test_a_question_that_no_rule_asks_for_any_more_can_be_deleted(boats: Any) -> None:
    boats.train("boat")
    owner = Actor(None, None, "Ann", "owner", frozenset({"models:train", "segments:write"}))

    def made(session: Session) -> Segment:
        words = vocabulary.of_company(session, boats.runtime.facts, boats.runtime.plugins)
        rule = {"all": [{"score": "custom:boat", "op": "known"}]}
        return segments.create(session, owner, {"name": "Boats", "rule": rule}, words)

    segment = boats.do(made)
    run_waiting(boats, segments.FILL)
    assert boats.do(lambda session: (segments.named(session, "Boats").state, segments.named(session, "Boats").size)) == (
        READY,
        400,
    )

    def remove(session: Session) -> None:
        segments.remove(session, owner, segments.get(session, segment.public_id))
        questions.delete(session, owner, session.execute(select(OwnQuestion)).scalar_one())

    boats.do(remove)
    assert boats.count(OwnQuestion) == 0
