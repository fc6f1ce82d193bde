"""The guard around every call into a plugin: errors become a note, slowness is noticed, and repeated failure opens a breaker."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

FAILURES, WITHIN, REST = 5, 60.0, 300.0  # this many failures within so many seconds; then left alone for REST
SLOW = 0.25  # seconds in a page
RECENT = 20

log = structlog.get_logger(__name__)


class PluginFailed(RuntimeError):
    """A plugin's code raised, answered garbage, or is resting after repeated failure."""


@dataclass(frozen=True)
class Trouble:
    """One failure or slow answer, shown to the tenant's admin and the operator."""

    plugin: str
    tenant_id: int
    what: str
    problem: str
    seconds: float
    at: float  # seconds since the epoch


class Guard:
    """Breakers per plugin and tenant, so that one company's trouble does not switch a plugin off for others. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[tuple[str, int], deque[float]] = defaultdict(lambda: deque(maxlen=FAILURES))
        self._open_until: dict[tuple[str, int], float] = {}
        self._recent: deque[Trouble] = deque(maxlen=RECENT * 10)

    def call(self, plugin: str, tenant_id: int, what: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call `function`. Raises PluginFailed where it raises or its breaker is open; never lets another error out."""
        if self.is_open(plugin, tenant_id):
            raise PluginFailed(f"{plugin} failed repeatedly and rests for a few minutes")
        start = self._clock()
        try:
            answer = function(*args)
        except Exception as error:
            self._note(plugin, tenant_id, what, f"{type(error).__name__}: {error}", self._clock() - start, failed=True)
            raise PluginFailed(f"{what} of {plugin} failed") from error
        taken = self._clock() - start
        if taken > SLOW:
            self._note(plugin, tenant_id, what, "slow", taken, failed=False)
        return answer

    def refuse(self, plugin: str, tenant_id: int, what: str, problem: str) -> PluginFailed:
        """Count an answer that is garbage as a failure; the error to raise."""
        self._note(plugin, tenant_id, what, problem, 0.0, failed=True)
        return PluginFailed(f"{what} of {plugin} answered what it must not: {problem}")

    def is_open(self, plugin: str, tenant_id: int) -> bool:
        """Whether the plugin rests for this tenant. After the rest one call is let through (half open)."""
        with self._lock:
            return self._clock() < self._open_until.get((plugin, tenant_id), 0.0)

    def recent(self, tenant_id: int | None = None) -> list[Trouble]:
        """Newest first; of one tenant, or of all."""
        with self._lock:
            found = [trouble for trouble in self._recent if tenant_id in (None, trouble.tenant_id)]
        return found[::-1][:RECENT]

    def _note(self, plugin: str, tenant_id: int, what: str, problem: str, seconds: float, *, failed: bool) -> None:
        log.warning("plugin trouble", plugin=plugin, tenant=tenant_id, what=what, problem=problem, seconds=round(seconds, 3))
        with self._lock:
            self._recent.append(Trouble(plugin, tenant_id, what, problem, seconds, time.time()))
            if not failed:
                return
            key, now = (plugin, tenant_id), self._clock()
            failures = self._failures[key]
            failures.append(now)
            half_open = key in self._open_until
            if half_open or (len(failures) == FAILURES and now - failures[0] <= WITHIN):
                self._open_until[key] = now + REST
