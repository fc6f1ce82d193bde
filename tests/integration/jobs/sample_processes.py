"""Starting, watching and killing processes of a site in tests. Only what was started here is ever killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sqlalchemy import func, select

from kith_platform.customers.models import Customer
from kith_platform.jobs.models import Job
from kith_platform.runtime import Runtime
from kith_platform.servers.programs import environment

HERE = Path(__file__).parent


@dataclass
class Site:
    """The processes one test started."""

    runtime: Runtime
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """`worker send`, `dispatcher` or `schedule`, on the servers of the test session."""
        process = subprocess.Popen(
            [sys.executable, str(HERE / "sample_site.py"), *words],
            env={**os.environ, **environment(self.runtime.settings)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        self.started.append(process)
        return process

    def working(self) -> subprocess.Popen[bytes]:
        """A dispatcher and a worker of the sample jobs' queue, those that run or new ones; returns the worker."""
        for words in (("dispatcher",), ("worker", "send")):
            if not any(process.args[2:] == list(words) and process.poll() is None for process in self.started):
                self.start(*words)
        return next(one for one in self.started if one.args[2:] == ["worker", "send"] and one.poll() is None)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of the process and all its children, the work-horse included."""
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in family:
            one.send_signal(signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.terminate()
        for process in self.started:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill(process)


def until(what: str, condition: Callable[[], object], seconds: float = 90) -> None:
    """Wait for a condition. Fails with `what` when it does not come; generous, since machines differ."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {seconds:.0f} s: {what}"
        time.sleep(0.05)


def look(runtime: Runtime, tenant_id: int, job_id: int) -> Job:
    with runtime.doors.tenant_scope(tenant_id, read_only=True) as session:
        return session.get_one(Job, (tenant_id, job_id))


def effects(runtime: Runtime, tenant_id: int, job_id: int) -> int:
    """How many customers the job has written."""
    with runtime.doors.tenant_scope(tenant_id, read_only=True) as session:
        return session.execute(select(func.count()).select_from(Customer).where(Customer.city == str(job_id))).scalar_one()


def is_own_redis(runtime: Runtime) -> bool:
    """Whether the Redis we are about to hurt is the one this test session started."""
    pid = int(runtime.redis.info("server")["process_id"])
    return Path(psutil.Process(pid).cwd()).is_relative_to(runtime.settings.home)
