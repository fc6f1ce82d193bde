"""The steps of a refresh and their order.

A noun adds its step in `<noun>/steps.py`, which is found by its name:

    @step("metrics", inputs=("snapshot", "scores"), label=N_("Metrics"))
    def refresh_metrics(turn: Turn) -> str | None: ...

The step reads `turn.frames`, writes through `turn.run.step()`, and must be safe to begin again. It returns a mark of what it
gave, such as a hash, so that later steps are skipped where it gave the same as before; None says: new inputs, new result.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

from kith_platform.frames import Frames, open_frames
from kith_platform.jobs.declared import JobRun
from kith_platform.snapshots.manifest import Manifest

SNAPSHOT = "snapshot"  # the root that every graph starts from

Run = Callable[["Turn"], "str | None"]
Also = Callable[["Turn"], str]


class RefusedStep(ValueError):
    """A step that cannot be part of the graph: its inputs lead back to it, its name is taken, or an input is missing."""


class Turn:
    """One refresh of one tenant: the job that runs it and the snapshot it reads. `today` is the tenant's day of that reading."""

    def __init__(self, run: JobRun, manifest: Manifest) -> None:
        self.run, self.manifest = run, manifest

    @property
    def today(self) -> dt.date:
        return self.manifest.read_at.astimezone(ZoneInfo(self.manifest.timezone)).date()

    @cached_property
    def frames(self) -> Frames:
        """The snapshot's frames with the job's threads and memory; opened by the first step that reads them."""
        run = self.run
        return open_frames(run.runtime, run.tenant, self.manifest, threads=run.threads, memory_mb=run.memory_mb)

    def again(self) -> None:
        """Read the company's data once more, after a step that changed them: later steps work on what it left."""
        from kith_platform.snapshots import service as snapshots

        self.close()
        vars(self).pop("frames", None)
        self.manifest = snapshots.take(self.run.runtime, self.run.tenant.id)

    def close(self) -> None:
        if "frames" in vars(self):
            self.frames.close()


@dataclass(frozen=True)
class Step:
    """A step and what it depends on: the steps `inputs`, its own `version`, and what `also` says (settings, today, …)."""

    name: str
    inputs: tuple[str, ...]
    run: Run
    label: str
    version: int = 1
    also: Also | None = None


class Graph:
    """Steps by name. What is in it has no circle."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}

    def add(self, new: Step) -> None:
        """Raises RefusedStep for a circle or a name that another step has. Inputs may be added later."""
        known = self._steps.get(new.name)
        taken = known is not None and (known.run.__module__, known.run.__qualname__) != (new.run.__module__, new.run.__qualname__)
        if new.name == SNAPSHOT or taken:
            raise RefusedStep(f"There is a step {new.name!r} already; choose another name.")
        with_it = {**self._steps, new.name: new}
        try:
            _order(with_it)
        except CycleError as error:
            circle = " → ".join(reversed(error.args[1]))
            raise RefusedStep(f"The step {new.name!r} would wait for itself: {circle}. Take one of these inputs away.") from None
        self._steps = with_it

    def order(self) -> list[Step]:
        """Every step after its inputs. Raises RefusedStep where an input is provided by nobody."""
        for known in self._steps.values():
            missing = [name for name in known.inputs if name != SNAPSHOT and name not in self._steps]
            if missing:
                raise RefusedStep(
                    f"The step {known.name!r} waits for {missing[0]!r}, which no part of this installation provides."
                )
        return [self._steps[name] for name in _order(self._steps) if name != SNAPSHOT]


def _order(steps: Mapping[str, Step]) -> list[str]:
    # Sorted, so that every process has the same order.
    return list(TopologicalSorter({name: sorted(steps[name].inputs) for name in sorted(steps)}).static_order())


STEPS = Graph()


def step(
    name: str, *, inputs: tuple[str, ...], label: str, version: int = 1, also: Also | None = None, graph: Graph = STEPS
) -> Callable[[Run], Run]:
    """Declare the function as a step of every tenant's refresh. `label` is a marked msgid. Raises RefusedStep."""

    def declare(run: Run) -> Run:
        graph.add(Step(name, inputs, run, label, version, also))
        return run

    return declare


def load_all() -> None:
    """Import `steps.py` of every noun of the platform, so that each declares its steps."""
    package = Path(__file__).parents[1]
    for path in sorted(package.glob("*/steps.py")):
        import_module(f"kith_platform.{path.parent.name}.steps")
