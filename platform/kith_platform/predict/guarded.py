"""Learning by the protocol without features that know the answer already: a module's column may be filled after the outcome.

Suspects are sought among training and validation rows alone, in one pass. Only where there are some a second model is trained,
with them, so that people see what they would have promised. The rule's own feature is never taken away.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kith_platform.predict import protocol
from kith_platform.predict.fits import rates
from kith_platform.predict.fits.refusal import FitRefused
from kith_platform.predict.guards import leaks
from kith_platform.predict.protocol import Labelled, Learned
from kith_platform.predict.training import Progress

MOST_ROWS = 20_000


@dataclass(frozen=True)
class Suspects:
    """Features left out, the surest first, each with its AUC alone."""

    found: tuple[leaks.Leak, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.column for one in self.found)

    def __bool__(self) -> bool:
        return bool(self.found)

    def warning(self, without: float | None = None, flattered: float | None = None) -> Mapping[str, Any]:
        """What people are told: which, and the AUC of the model without and with them; without one where nothing was learnt."""
        features = [one.column for one in self.found]
        if without is None:
            return {"code": "leaks_named", "features": features}
        alone = {one.column: one.params["auc"] for one in self.found}
        seems = max(alone.values()) if flattered is None else flattered
        return {"code": "leaks_left_out", "features": features, "alone": alone, "auc": without, "with_auc": seems}


def suspects(*learnt: Labelled, keep: Collection[str] = ()) -> Suspects:
    """Features that alone tell nearly all of the outcome, by the rows that teach."""
    rows = Labelled.stack(list(learnt))
    taken = np.unique(np.linspace(0, rows.outcome.size - 1, min(rows.outcome.size, MOST_ROWS)).astype(np.int64))
    matrix, outcome = rows.matrix, rows.outcome[taken]
    columns = [leaks.Column(name, matrix.values[taken, number]) for number, name in enumerate(matrix.names)]
    return Suspects(leaks.telling_alone(columns, outcome, matrix.ids[taken], keep=keep))


def learn(
    found: Suspects,
    rule: rates.Rule,
    plain: tuple[str, ...],
    parts: tuple[Labelled, Labelled, Labelled],
    *,
    seed: int,
    threads: int,
    progress: Progress,
    fit: protocol.Fitter | None = None,
) -> tuple[Learned, tuple[Mapping[str, Any], ...]]:
    """`protocol.learn` of training, validation and test without the suspects, and what to warn of. Raises as it does."""

    def by(names: frozenset[str], say: Progress) -> Learned:
        rest = tuple(name for name in plain if name not in names)
        train, validation, test = (replace(part, matrix=part.matrix.without(names)) for part in parts)
        return protocol.learn(rule, rest, train, validation, test, seed=seed, threads=threads, progress=say, fit=fit)

    learned = by(found.names, progress)
    if not found:
        return learned, ()
    try:
        flattered = by(frozenset(), lambda _done, _message: None).metrics["auc"]
    except FitRefused:
        flattered = None
    return learned, (found.warning(learned.metrics["auc"], flattered),)
