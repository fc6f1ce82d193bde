"""Declaring kinds of job."""

from __future__ import annotations

import pytest

from kith_platform.jobs import declared
from kith_platform.jobs.declared import JobRun, UnknownJob, find, job


@pytest.fixture(autouse=True)
def _no_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared, "_kinds", dict(declared._kinds))


def test_a_declared_kind_is_found_with_its_queue_and_attempts() -> None:
    @job("unit.work", queue="train", max_attempts=5, label="Train")
    def work(run: JobRun) -> None: ...

    kind = find("unit.work")
    assert (kind.work, kind.queue, kind.max_attempts, kind.label) == (work, "train", 5, "Train")
    assert declared.label("unit.work") == "Train"


def test_two_functions_cannot_share_a_name() -> None:
    @job("unit.work")
    def work(run: JobRun) -> None: ...

    def other(run: JobRun) -> None: ...

    with pytest.raises(ValueError, match=r"Two jobs are called 'unit\.work'"):
        job("unit.work")(other)


def test_a_queue_that_no_worker_serves_is_refused() -> None:
    with pytest.raises(ValueError, match="no queue 'fast'"):
        job("unit.work", queue="fast")


def test_an_unknown_kind_is_told_with_what_to_do() -> None:
    with pytest.raises(UnknownJob, match=r"unit\.nothing.*Install the plugin"):
        find("unit.nothing")
    assert declared.label("unit.nothing") == "unit.nothing"
