"""Threads and memory of a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from kith_platform.config import Settings
from kith_platform.jobs import resources


def test_busy_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "cores", lambda: 8)
    assert [resources.threads(Settings(), busy) for busy in (0, 1, 3, 100)] == [8, 8, 2, 1]
    assert resources.threads(Settings(job_threads=3), 100) == 3


def test_a_container_with_less_memory_than_its_machine_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(resources, "CGROUP_LIMIT", limit)
    whole = resources.memory_mb(Settings())
    limit.write_text("max\n")
    assert resources.memory_mb(Settings()) == whole
    limit.write_text(str(2048 * 1024 * 1024))
    assert resources.memory_mb(Settings()) == min(512, whole)
    assert resources.memory_mb(Settings(job_memory_mb=300)) == 300


def test_an_operators_thread_variable_is_not_overwritten() -> None:
    environment = {"OMP_NUM_THREADS": "7"}
    resources.tell_libraries(environment, 2)
    assert environment["OMP_NUM_THREADS"] == "7"
    assert environment["POLARS_MAX_THREADS"] == "2"
    assert environment["OMP_WAIT_POLICY"] == "passive"
