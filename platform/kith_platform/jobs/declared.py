"""Jobs by name: `@job` declares one, a worker finds it here. RQ never learns which function runs."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from kith_platform.errors import KithError
from kith_platform.i18n import N_
from kith_platform.jobs.models import QUEUES
from kith_platform.jobs.run import Cancelled, Fenced, HandedBack, JobRun

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime
    from kith_tenants.tenant import TenantContext

__all__ = ["Cancelled", "Fenced", "HandedBack", "JobKind", "JobRun", "add_gate", "find", "job", "load_all", "refusal"]

Work = Callable[[JobRun], None]


@dataclass(frozen=True)
class JobKind:
    """One declared kind of job. `plugin` is empty for core; `label` is a marked msgid for pages."""

    name: str
    work: Work
    queue: str
    max_attempts: int
    label: str
    plugin: str


class UnknownJob(KithError):
    """A job of a kind that this installation does not know, such as one of a plugin that was removed."""

    status = 409
    code = "unknown_job"
    title = N_("Unknown kind of job")
    default = N_("This installation knows no job of the kind %(kind)s. Install the plugin that brings it, then retry the job.")


class Refused(KithError):
    """The job may not run for this company at the moment."""

    status = 409
    code = "job_refused"
    title = N_("The job may not run")
    default = N_("This job may not run for this company at the moment.")


_kinds: dict[str, JobKind] = {}

# What may forbid a kind to a tenant at the moment it starts: the reason, or None.
Gate = Callable[["Runtime", "TenantContext", JobKind], KithError | None]
_gates: list[Gate] = []
MODULE_GATE = "kith_platform.modules.gate:refuse"  # by name: modules stand above jobs, and every process must ask it


def job(name: str, *, queue: str = "default", max_attempts: int = 3, label: str = "", plugin: str = "") -> Callable[[Work], Work]:
    """Declare the function as the job `name` (`noun.verb`). It is called in a child process with a JobRun.

    `max_attempts` bounds how often it is begun, lost workers included. Work must be safe to begin again.
    Raises ValueError for an unknown queue or a name that another function has.
    """
    if queue not in QUEUES:
        raise ValueError(f"There is no queue {queue!r}; choose one of {', '.join(QUEUES)}.")

    def declare(work: Work) -> Work:
        known = _kinds.get(name)
        if known is not None and (known.work.__module__, known.work.__qualname__) != (work.__module__, work.__qualname__):
            raise ValueError(f"Two jobs are called {name!r}: {known.work.__module__} and {work.__module__}.")
        _kinds[name] = JobKind(name, work, queue, max_attempts, label or name, plugin)
        return work

    return declare


def find(name: str) -> JobKind:
    """The declared kind. Loads core's jobs when the name is not known yet. Raises UnknownJob."""
    if name not in _kinds:
        load_all()
    if name not in _kinds:
        raise UnknownJob(kind=name)
    return _kinds[name]


def label(name: str) -> str:
    """The marked msgid pages show for a kind; its name where the kind is not known."""
    try:
        return find(name).label
    except UnknownJob:
        return name


def load_all() -> None:
    """Import `jobs.py` of every noun of the platform, so that each declares its kinds."""
    package = Path(__file__).parents[1]
    for path in sorted(package.glob("*/jobs.py")):
        import_module(f"kith_platform.{path.parent.name}.jobs")


def add_gate(gate: Gate) -> None:
    """Let `gate` refuse jobs as they start, and skip their schedules."""
    if gate not in _gates:
        _gates.append(gate)


def refusal(runtime: Runtime, tenant: TenantContext, kind: JobKind) -> KithError | None:
    """Why this kind may not run for this tenant now; None when it may."""
    gates: list[Gate] = [pkgutil.resolve_name(MODULE_GATE)] if kind.plugin else []
    for gate in (*_gates, *gates):
        if (reason := gate(runtime, tenant, kind)) is not None:
            return reason
    return None


def _only_active(_runtime: Runtime, tenant: TenantContext, _kind: JobKind) -> KithError | None:
    if tenant.status == "active":
        return None
    return Refused(
        N_("The company %(company)s is suspended, so its jobs do not run. Allow it again, then retry."), company=tenant.name
    )


add_gate(_only_active)
