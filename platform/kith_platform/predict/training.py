"""What a task's training gives back, whatever its method. Plain values: nothing here touches the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kith_platform.predict.matrix import Matrix, matrix_at

if TYPE_CHECKING:
    from kith_platform.frames import Frames
    from kith_platform.predict.evidence import PurchaseDays
    from kith_platform.sdk.types import FeatureSet

Progress = Callable[[int, str], None]  # done of 100, marked message


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to train on. `as_of` is counted in; the cutoff is the day after. Months and discount are for money."""

    frames: Frames
    as_of: dt.date
    seed: int
    threads: int
    horizon_months: int = 12
    yearly_discount: float = 0.10
    progress: Progress = lambda _done, _message: None

    @property
    def cutoff(self) -> dt.date:
        return self.as_of + dt.timedelta(days=1)


@dataclass(frozen=True)
class Evidence:
    """What a training or scoring looks at: the question, the feature sets, and `purchases()`, all purchase days known now.

    `call(what, function)` calls what a plugin brought; `said(task)` gives what another task's model says now, by customer,
    nothing where none serves; `kept` holds matrices that several tasks of one job look at, up to `most` megabytes.
    """

    question: Question
    sets: Sequence[FeatureSet]
    purchases: Callable[[], PurchaseDays]
    call: Callable[[str, Callable[[], Any]], Any] = lambda _what, function: function()
    said: Callable[[str], Mapping[int, float]] = lambda _task: {}
    kept: dict[dt.date, Matrix] = field(default_factory=dict)
    most: int = 256

    def matrix(self, cutoff: dt.date) -> Matrix:
        """All features as known before the cutoff; computed once as far as there is room."""
        if cutoff in self.kept:
            return self.kept[cutoff]
        found = matrix_at(self.question.frames, self.sets, cutoff)
        if sum(one.values.nbytes for one in (found, *self.kept.values())) <= self.most * 2**20:
            self.kept[cutoff] = found
        return found


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One row per customer (or row of a fact): ids (n,) int64, values (n,) float64, the tier that served, further numbers and
    top reasons. `ranked` names the further number by which tenths are counted; else the value. Further numbers are NaN for who
    has none; `tiers` (n,) names the tier of each where they differ. `rows` are the features that were looked at, in the order of
    the ids, where the method has any.
    """

    customer_ids: NDArray[np.int64]
    values: NDArray[np.float64]
    tier: str
    extra: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    reasons: list[list[dict[str, Any]]] = field(default_factory=list)
    ranked: str = ""
    tiers: Sequence[str] = ()
    rows: Matrix | None = None

    def columns(self, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """Those of the features called `names` that were looked at, (n,) each."""
        return {name: self.rows.column(name) for name in names if name in self.rows.names} if self.rows is not None else {}


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The outcome. Where `ships` is False the rule serves instead, and `scored` holds what the rule says."""

    ships: bool
    verdict: str
    verdict_params: Mapping[str, Any] = field(default_factory=dict)
    tier: str = ""
    features: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Mapping[str, Any], ...] = ()
    artefact: bytes | None = None
    scored: Scored | None = None
