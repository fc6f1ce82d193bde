"""How many threads and how much memory a job's engines get."""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from kith_platform.config import Settings

MEGABYTE = 1024 * 1024
# Each library has its own word for it, read once when it is loaded.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "ARROW_NUM_THREADS")
SELDOM = 50_000, 20, 20  # how many new objects until circles among them are looked for
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads(settings: Settings, busy: int) -> int:
    """Threads for one job while `busy` jobs run, itself included: as set, or its share of the cores."""
    return settings.job_threads or max(1, cores() // max(1, busy))


def memory_mb(settings: Settings) -> int:
    """Megabytes for one job's engines: as set, or a quarter of what the machine or container has."""
    if settings.job_memory_mb:
        return settings.job_memory_mb
    total = psutil.virtual_memory().total
    with suppress(OSError, ValueError):  # "max", or no such file: no limit
        total = min(total, int(CGROUP_LIMIT.read_text()))
    return max(256, int(total / MEGABYTE / 4))


def tell_libraries(environment: MutableMapping[str, str], count: int) -> None:
    """Set the thread variables that are not set. Only before the libraries are imported does it help."""
    for name in THREAD_VARIABLES:
        environment.setdefault(name, str(count))
    # A thread without work sleeps. Left to itself it spins: on a busy machine a small training cost 2.7 × the CPU.
    environment.setdefault("OMP_WAIT_POLICY", "passive")


def limit_memory(megabytes: int) -> None:
    """Make this process run into MemoryError rather than the machine into swap, at twice what its engines were told."""
    # RLIMIT_DATA counts what is written to, not the address space that engines reserve (RLIMIT_AS breaks them).
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = 2 * megabytes * MEGABYTE + _data_bytes()
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def _data_bytes() -> int:
    """What is counted already: a forked child starts with its parent's libraries."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """For a job that builds expressions, which are trees of many small objects: with Python's own threshold a third of a small
    company's refresh goes into looking for circles among them.
    """
    usual = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
