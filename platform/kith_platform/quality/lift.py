"""What filling a field would bring a model: measured, not assumed.

Method. Of the customers of the serving model's hold-out, of whom it is known who left, only those who have the field are taken,
and scored twice: with the field, and with the features that read it hidden from a random part of them, as large as the part of
all customers that lacks the field. The difference of the two average precisions is what it brings when everybody has the field,
if those who lack it are like the others. Its 95 % interval comes from the paired bootstrap that judges models, too; both are
means over DRAWS random parts. (Hiding the field from everybody and scaling by the missing share instead finds too much: a score
does not rise in proportion [measured: .092 where filling the field brought .056].)

There is no estimate where no model serves, where the model does not look at the field, where too few customers have it to tell
(LEAST_FILLED of them, and LEAST_SHARE), or where the interval holds 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kith_platform.predict import feature_sets, versions
from kith_platform.predict.models import ModelVersion
from kith_platform.quality.models import QualityLift

if TYPE_CHECKING:
    from kith_platform.predict.evidence import Floats
    from kith_platform.predict.fits.bootstrap import Comparison
    from kith_platform.predict.fits.tiers import Classifier
    from kith_platform.predict.matrix import Matrix
    from kith_platform.refresh.graph import Turn
    from kith_platform.sdk.types import Feature, FeatureSet

TASK = "churn"  # the one model of core that looks at more than purchases
LEAST_FILLED, LEAST_SHARE, FULL = 100, 0.1, 0.995
DRAWS, REPLICATES = 5, 200
UNUSED, FEW, EVERYBODY, CHANCE, NO_MODEL = "unused", "few", "full", "chance", "no_model"


@dataclass(frozen=True)
class Lift:
    """About what filling a field for everybody would add to the model's score (average precision, 0..1), with its interval."""

    about: float
    low: float
    high: float


def of(row: QualityLift) -> Lift | None:
    """None where there is no estimate; the row's reason says why."""
    if row.reason or row.gain is None or row.low is None or row.high is None:
        return None
    return Lift(row.gain, row.low, row.high)


def rows(session: Session) -> Sequence[QualityLift]:
    """What was measured, the worthiest field first."""
    found = session.execute(select(QualityLift)).scalars().all()
    return sorted(found, key=lambda row: (-(lift.about if (lift := of(row)) else 0.0), -row.weight, row.field))


def measure(turn: Turn) -> str:
    """Measure the serving model's fields once. Gives a mark that names what was measured."""
    run = turn.run
    with run.step() as session:
        serving = versions.champion(session, TASK)
        known = session.execute(select(QualityLift.version).where(QualityLift.task == TASK).limit(1)).scalar_one_or_none()
        if serving is None:
            session.execute(delete(QualityLift).where(QualityLift.task == TASK))
            return "none"
        mark = f"{TASK}:{serving.version}"
        if known == serving.version:
            return mark
        artefact = versions.artefact(session, serving, run.runtime.model_key)
    found = list(_measured(turn, serving, artefact))
    with run.step() as session:
        session.execute(delete(QualityLift).where(QualityLift.task == TASK))
        session.add_all(found)
    return mark


def _measured(turn: Turn, serving: ModelVersion, artefact: bytes) -> Iterator[QualityLift]:
    from kith_platform.predict import classify, protocol
    from kith_platform.predict.calendar import Calendar
    from kith_platform.predict.churn import CHURN
    from kith_platform.predict.evidence import PurchaseDays
    from kith_platform.predict.training import Evidence, Question

    run, frames, said = turn.run, turn.frames, serving.parameters
    sets, _warnings = feature_sets.usable(run, frames, serving.as_of)
    groups = _by_field(sets)
    test, validation = (dt.date.fromisoformat(said[f"{name}_cutoff"]) for name in ("test", "validation"))
    calendar = Calendar(said["gap_days"], said["horizon_days"], (), validation, test, serving.as_of + dt.timedelta(days=1))
    question = Question(frames=frames, as_of=serving.as_of, seed=serving.seed, threads=run.threads)
    evidence = Evidence(question, sets, lambda: PurchaseDays.all(frames))
    held_out = classify.labelled(CHURN, evidence, test, calendar)
    model, _calibrated = protocol.unpack(artefact, threads=run.threads)
    weights = {one["feature"]: float(one["weight"]) for one in serving.report.get("drivers", [])}
    for field, features in groups.items():
        run.check()
        weight = sum(weights.get(one.name, 0.0) for one in features)
        yield _one(serving, field, features, weight, held_out.matrix, held_out.outcome, model)


def _one(
    serving: ModelVersion,
    field: str,
    features: Sequence[Feature],
    weight: float,
    matrix: Matrix,
    outcome: Floats,
    model: Classifier,
) -> QualityLift:
    has = known(matrix, features)
    filled = int(has.sum())
    row = QualityLift(
        task=TASK, field=field, version=serving.version, customers=int(outcome.size), filled=filled, weight=weight, reason=""
    )
    if not {one.name for one in features} & set(model.features):
        row.reason = UNUSED
    elif filled < LEAST_FILLED or filled < LEAST_SHARE * outcome.size:
        row.reason = FEW
    elif filled >= FULL * outcome.size:
        row.reason = EVERYBODY
    else:
        found = _compared(model, matrix.columns(model.features)[has], outcome[has], features, filled / outcome.size, serving.seed)
        if not found:
            row.reason = CHANCE
        else:
            names = ("model", "difference", "low", "high")
            row.score, row.gain, row.low, row.high = (float(np.mean([getattr(one, name) for one in found])) for name in names)
            row.reason = "" if row.low > 0 else CHANCE
    return row


def _compared(
    model: Classifier, values: Floats, outcome: Floats, features: Sequence[Feature], share: float, seed: int
) -> list[Comparison]:
    """With the field known of all these customers (model) against of `share` of them (baseline), for each random part."""
    from kith_platform.predict.fits import bootstrap, evaluation

    with_it, random = model.predict(values), np.random.default_rng(seed)
    without_it = model.predict(without(values, model.features, features))
    found = []
    for draw in range(DRAWS):
        partly = np.where(random.random(outcome.size) < share, with_it, without_it)
        one = bootstrap.compare(outcome, with_it, partly, evaluation.average_precision, replicates=REPLICATES, seed=seed + draw)
        found += [] if one is None else [one]
    return found


def known(matrix: Matrix, features: Sequence[Feature]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whose value any of the features knows, (n,): it is there, and of a count more than none."""
    found = np.zeros(matrix.ids.size, dtype=np.bool_)
    for one in features:
        if one.name in matrix.names:
            column = matrix.column(one.name)
            found |= (np.nan_to_num(column) > 0) if one.unit == "count" else ~np.isnan(column)
    return found


def without(values: Floats, names: Sequence[str], features: Sequence[Feature]) -> Floats:
    """The matrix as if nobody had the field: missing, or 0 for a count."""
    hidden = values.copy()
    for one in features:
        if one.name in names:
            hidden[:, list(names).index(one.name)] = 0.0 if one.unit == "count" else np.nan
    return hidden


def _by_field(sets: Sequence[FeatureSet]) -> Mapping[str, list[Feature]]:
    found: dict[str, list[Feature]] = {}
    for one in sets:
        for feature in one.features:
            if feature.reads:
                found.setdefault(feature.reads, []).append(feature)
    return found
