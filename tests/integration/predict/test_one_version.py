"""Whoever writes the scores of a task meanwhile: they are one version's, and not of one that serves no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sample_processes import until
from sqlalchemy import select, text

from kith_platform.auth.who import system
from kith_platform.jobs import claim
from kith_platform.jobs.run import JobRun
from kith_platform.predict import scores, service, serving, steps, versions
from kith_platform.predict.models import ModelVersion, Score
from kith_platform.predict.tasks import Task
from kith_platform.predict.training import Evidence, Question, Scored, Trained
from kith_platform.refresh import service as refresh
from kith_platform.refresh.graph import Turn
from kith_platform.runtime import Runtime
from kith_platform.snapshots import service as snapshots
from kith_tenants.tenant import TenantContext

DAY = dt.date(2026, 6, 30)
Between = Callable[[], object]


def said(first: int, last: int) -> Scored:
    ids = np.arange(first, last + 1)
    return Scored(customer_ids=ids, values=np.linspace(0.1, 0.9, ids.size), tier="xgboost")


@pytest.fixture
def turn(runtime: Runtime, tenant: TenantContext) -> Iterator[Turn]:
    """A refresh of a company without data: what is scored here, the tests say."""
    with runtime.doors.tenant_scope(tenant.id) as session:
        held = claim.claim(session, refresh.ask_refresh(session).id, lease=600, unrouted=True)
    assert held is not None
    run = JobRun(runtime, tenant, held, pulse=runtime.doors, threads=1, memory_mb=256)
    with closing(Turn(run, snapshots.take(runtime, tenant.id))) as made:
        yield made


def trained(turn: Turn, scored: Scored) -> ModelVersion:
    """A training that ships, as its job keeps it."""
    found = Trained(ships=True, verdict="better_than_baseline", artefact=b"{}", scored=scored)
    with turn.run.step() as session:
        row = versions.save(
            session, "churn", found, as_of=DAY, watermark=dt.datetime.now(dt.UTC), snapshot="", seed=1,
            key=turn.run.runtime.model_key,
        )  # fmt: skip
        scores.keep(session, "churn", scored, version=row.version, as_of=DAY)
    return row


def rescore(turn: Turn, between: Between) -> None:
    """The refresh scores customers 1 to 10 by what serves; `between` happens while it does."""

    def score(_evidence: Evidence, _artefact: bytes | None, _report: Mapping[str, Any]) -> Scored:
        between()
        return said(1, 10)

    task: Task = replace(service.TASKS["churn"], rescore=score)
    question = Question(frames=turn.frames, as_of=DAY + dt.timedelta(days=1), seed=1, threads=1)
    steps._rescore(turn, task, lambda: Evidence(question, (), lambda: pytest.fail("nobody asks")))


def told(turn: Turn) -> tuple[set[int], int]:
    """Whose scores there are, and how many."""
    with turn.run.step() as session:
        found = list(session.execute(select(Score.version).where(Score.task == "churn")).scalars())
    return set(found), len(found)


def test_a_refresh_that_still_scores_when_a_training_ends_keeps_nothing(turn: Turn) -> None:
    trained(turn, said(1, 10))
    rescore(turn, between=lambda: None)
    assert told(turn) == ({1}, 10)
    rescore(turn, between=lambda: trained(turn, said(6, 25)))
    assert told(turn) == ({2}, 20), "scores do not go back to the version before"


def test_a_refresh_that_still_scores_when_a_person_lets_a_version_serve_again_keeps_nothing(turn: Turn) -> None:
    first = trained(turn, said(1, 10))
    trained(turn, said(6, 25))

    def promote() -> None:
        with turn.run.step() as session:
            serving.promote(session, system(), "churn", first.public_id)

    rescore(turn, between=promote)
    assert told(turn) == ({2}, 20), "wholly of one version until the refresh that was asked for"
    rescore(turn, between=lambda: None)
    assert told(turn) == ({1}, 10)


def test_two_that_write_at_once_wait_for_one_another(turn: Turn) -> None:
    """They score different customers, so that no row of one would hold up the other."""

    def write(version: int, scored: Scored) -> None:
        with turn.run.runtime.doors.tenant_scope(turn.run.tenant.id) as session:
            scores.keep(session, "churn", scored, version=version, as_of=DAY)

    def waits() -> bool:
        with turn.run.step() as session:
            asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return bool(session.connection().execute(asked).scalar())

    with ThreadPoolExecutor(1) as pool:
        with turn.run.runtime.doors.tenant_scope(turn.run.tenant.id) as session:
            scores.keep(session, "churn", said(1, 10), version=1, as_of=DAY)
            second = pool.submit(write, 2, said(11, 20))
            until("the second waits", lambda: waits() or second.done())
            assert not second.done()
        second.result()
    assert told(turn) == ({2}, 10)
