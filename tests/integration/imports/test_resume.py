"""An import that is killed, cancelled or broken loses nothing and doubles nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from kith_platform.auth.who import system
from kith_platform.customers.models import Customer
from kith_platform.facts.models import CustomerRecord, OrderLine, Product, SalesOrder
from kith_platform.imports import ahead, service
from kith_platform.imports import jobs as work
from kith_platform.imports.models import Import, ImportReject
from kith_platform.jobs import service as jobs
from kith_platform.jobs.models import Job
from kith_platform.servers.programs import environment

LINES = 110_000  # three chunks


def wide_file() -> str:
    """Lines without ids of their own, some of them alike, some wrong; orders that run over the chunks' ends."""
    head = "order_id,order_date,customer_id,sku,quantity,net\n"
    days = (f"2024-01-{1 + at % 28:02}" if at % 5000 else "never" for at in range(LINES))
    return head + "".join(f"O{at // 7},{day},C{at // 7 % 900},P{at % 50 // 2},1,{at % 9}\n" for at, day in enumerate(days))


def tables(company: Any) -> list[list[Any]]:
    columns = {
        CustomerRecord: ("external_id",),
        Customer: ("name",),
        Product: ("external_id",),
        SalesOrder: ("external_id", "net", "quantity", "occurred_on"),
        OrderLine: ("external_id", "net", "occurred_on"),
        ImportReject: ("line", "reason", "raw"),
    }
    return [company.rows(fact, *names) for fact, names in columns.items()]


def reached(company: Any, job: Job) -> int:
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        return session.execute(select(Import.next_line).where(Import.job_id == job.id)).scalar_one()


def start_child(company: Any, job: Job) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "kith_platform.jobs.child", str(company.tenant.id), str(job.id), work.__name__]
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    surroundings = {**os.environ, **environment(company.runtime.settings), **path}
    return subprocess.Popen(words, env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def test_killed_in_its_midst_it_goes_on_where_it_was(company: Any, make_company: Callable[..., Any]) -> None:
    text = wide_file()
    whole = make_company()
    expected = whole.load("orders", text)
    job = company.ask("orders", text)
    child = start_child(company, job)
    deadline = time.monotonic() + 120
    while reached(company, job) == 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    child.wait()
    assert 1 < reached(company, job) <= LINES, "killed after its first chunk and before its end"
    done = jobs.wait(company.runtime, company.tenant.id, job.id, claim_after=0.0)
    assert (done.state, done.attempt) == ("done", 2)
    counts = ("read", "inserted", "updated", "unchanged", "duplicate", "rejected", "made")
    assert {key: done.result[key] for key in counts} == {key: expected[key] for key in counts}
    assert tables(company) == tables(whole)


def test_cancelled_it_keeps_what_it_loaded_and_goes_on_when_tried_again(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "order_id,customer_id,order_date\n" + "".join(f"O{at},C1,2024-01-01\n" for at in range(300))
    monkeypatch.setattr(ahead, "CHUNK_LINES", 100)
    told = work._tell

    def cancel_at_once(run: Any, *more: Any) -> None:
        told(run, *more)
        run.signals.cancelled.set()

    monkeypatch.setattr(work, "_tell", cancel_at_once)
    job = company.run(company.ask("orders", text))
    assert job.state == "cancelled"
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        row = service.listing(session)[0]
        assert row.state == "cancelled"
        assert 0 < row.inserted < 300
    monkeypatch.setattr(work, "_tell", told)
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        jobs.retry(session, system(), job.public_id)
    assert company.run(job).state == "done"
    assert company.count(SalesOrder) == 300


def test_an_error_of_ours_ends_it_at_once_with_a_reference_and_keeps_what_was_loaded(
    company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "order_id,customer_id,order_date\n" + "".join(f"O{at},C1,2024-01-01\n" for at in range(300))
    monkeypatch.setattr(ahead, "CHUNK_LINES", 100)
    load = work.load

    def broken(session: Any, chunk: Any, *more: Any, **how: Any) -> Any:
        if chunk.start.line > 1:
            raise ZeroDivisionError
        return load(session, chunk, *more, **how)

    monkeypatch.setattr(work, "load", broken)
    job = company.run(company.ask("orders", text))
    assert (job.state, job.attempt, job.error_code) == ("failed", 1, "import_broken")
    assert job.error_params["reference"]
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        row = service.listing(session)[0]
        assert row.state == "failed"
        assert row.inserted == company.count(SalesOrder) > 0


def test_an_import_cancelled_while_it_waited_says_so(company: Any) -> None:
    job = company.ask("orders", "order_id,customer_id,order_date\nO,C1,2024-01-01\n")
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        jobs.cancel(session, system(), job.public_id)
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        assert service.state(session, service.listing(session)[0]) == "cancelled"


def test_one_ahead_gives_every_item_in_order_and_passes_errors_on() -> None:
    assert list(ahead.one_ahead(iter("abc"))) == ["a", "b", "c"]

    def failing() -> Any:
        yield "a"
        raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        list(ahead.one_ahead(failing()))
