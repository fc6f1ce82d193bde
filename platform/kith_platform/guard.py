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
SLOW_PANEL, SLOW_PAGE = 0.25, 2.0  # seconds: a panel holds up core's page, a page only itself
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

    def __init__(self, clock: Callable[[], float] = time.monotonic, trace: Callable[[str], None] | None = None) -> None:
        self._clock, self._trace = clock, trace
        self._lock = threading.Lock()
        self._failures: dict[tuple[str, int], deque[float]] = defaultdict(lambda: deque(maxlen=FAILURES))
        self._open_until: dict[tuple[str, int], float] = {}
        # Per plugin and tenant, so that a noisy company does not push another's troubles out.
        self._recent: dict[tuple[str, int], deque[Trouble]] = defaultdict(lambda: deque(maxlen=RECENT))

    def call(
        self, plugin: str, tenant_id: int, what: str, function: Callable[..., Any], *args: Any, seconds: float | None = None
    ) -> Any:
        """Call `function`. An answer that takes longer than `seconds` is used, and counts as a failure; None: no limit.

        Raises PluginFailed where it raises or its breaker is open; never lets another error out.
        """
        key = (plugin, tenant_id)
        if not self._admit(key):
            raise PluginFailed(f"{plugin} failed repeatedly and rests for a few minutes")
        start = self._clock()
        try:
            answer = function(*args)
        except (Exception, SystemExit) as error:
            self._note(key, what, f"{type(error).__name__}: {error}", self._clock() - start)
            raise PluginFailed(f"{what} of {plugin} failed") from error
        taken = self._clock() - start
        if self._trace:
            self._trace(f"{plugin}: {what} for tenant {tenant_id} took {taken:.3f} s")
        if seconds is not None and taken > seconds:
            self._note(key, what, f"slow: {taken:.2f} s instead of {seconds} s", taken)
        else:
            self._close(key)
        return answer

    def refuse(self, plugin: str, tenant_id: int, what: str, problem: str) -> PluginFailed:
        """Count an answer that is garbage as a failure; the error to raise."""
        self._note((plugin, tenant_id), what, problem, 0.0)
        return PluginFailed(f"{what} of {plugin} answered what it must not: {problem}")

    def is_open(self, plugin: str, tenant_id: int) -> bool:
        """Whether the plugin rests for this tenant."""
        with self._lock:
            return self._clock() < self._open_until.get((plugin, tenant_id), 0.0)

    def recent(self, tenant_id: int | None = None) -> list[Trouble]:
        """Newest first; of one tenant, or of all."""
        with self._lock:
            found = [one for key, kept in self._recent.items() if tenant_id in (None, key[1]) for one in kept]
        return sorted(found, key=lambda trouble: trouble.at, reverse=True)[:RECENT]

    def _admit(self, key: tuple[str, int]) -> bool:
        """Whether a call may go through. After the rest one may try (half open), the others wait for how it ends."""
        with self._lock:
            until = self._open_until.get(key)
            if until is None:
                return True
            if self._clock() < until:
                return False
            self._open_until[key] = self._clock() + REST
            return True

    def _close(self, key: tuple[str, int]) -> None:
        with self._lock:
            if self._open_until.pop(key, None) is not None:
                self._failures[key].clear()

    def _note(self, key: tuple[str, int], what: str, problem: str, seconds: float) -> None:
        plugin, tenant_id = key
        log.warning("plugin trouble", plugin=plugin, tenant=tenant_id, what=what, problem=problem, seconds=round(seconds, 3))
        with self._lock:
            self._recent[key].append(Trouble(plugin, tenant_id, what, problem, seconds, time.time()))
            now, failures = self._clock(), self._failures[key]
            failures.append(now)
            if key in self._open_until or (len(failures) == FAILURES and now - failures[0] <= WITHIN):
                self._open_until[key] = now + REST
