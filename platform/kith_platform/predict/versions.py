"""The registry of models: saving a training, swapping the champion in one transaction, opening a sealed artefact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, or_, select, tuple_, update
from sqlalchemy.orm import Session, undefer

from kith_platform.errors import Conflict, NotFound
from kith_platform.i18n import N_
from kith_platform.predict import artefacts
from kith_platform.predict.fits import stability
from kith_platform.predict.models import BASELINE, CHAMPION, NOT_TRAINED, RETIRED, ModelVersion
from kith_platform.predict.training import Trained
from kith_tenants.context import tenant_of


def save(
    session: Session,
    task: str,
    trained: Trained,
    *,
    as_of: dt.date,
    watermark: dt.datetime,
    snapshot: str,
    seed: int,
    key: str,
    job_id: int | None = None,
) -> ModelVersion:
    """Add a version; where it ships it becomes the champion, in the caller's transaction.

    The former champion retires for it, and for the rule too where that scores instead: the last training that scores serves.
    """
    number = (session.execute(select(func.max(ModelVersion.version)).where(ModelVersion.task == task)).scalar() or 0) + 1
    data = trained.artefact
    digest = artefacts.sha256(data) if data else ""
    row = ModelVersion(
        task=task,
        version=number,
        state=CHAMPION if trained.ships else BASELINE if data else NOT_TRAINED,
        tier=trained.tier,
        verdict=trained.verdict,
        verdict_params=dict(trained.verdict_params),
        as_of=as_of,
        watermark=watermark,
        snapshot=snapshot,
        seed=seed,
        features=list(trained.features),
        parameters=dict(trained.parameters),
        metrics=dict(trained.metrics),
        report={**trained.report, **_stood(trained)},
        warnings=[dict(warning) for warning in trained.warnings],
        sha256=digest,
        hmac=_seal(session, key, task, number, digest) if data else "",
        size=len(data or b""),
        artefact=data,
        job_id=job_id,
    )
    if trained.ships or trained.scored is not None:
        _retire_champion(session, task)
    session.add(row)
    session.flush()
    return row


def _stood(trained: Trained) -> dict[str, Any]:
    """How features and scores were spread on the day of the training: what later weeks are held against."""
    scored = trained.scored
    if scored is None or not scored.values.size:
        return {}
    return {"stability": stability.reference(scored.values, scored.tier, scored.columns(trained.features))}


def retire(session: Session, row: ModelVersion) -> bool:
    """Take a champion from service, so that the rule scores; False where it has not served any more."""
    serving = update(ModelVersion).where(ModelVersion.id == row.id, ModelVersion.state == CHAMPION)
    return session.execute(serving.values(state=RETIRED).returning(ModelVersion.id)).first() is not None


def serving(session: Session, task: str) -> ModelVersion | None:
    """The version whose scores are told: the champion, else the last training, whose rule serves."""
    return champion(session, task) or latest(session, task)


def promote(session: Session, row: ModelVersion) -> None:
    """Make a former champion serve again. Raises Conflict for a version that never passed its test."""
    if row.state not in (CHAMPION, RETIRED):
        raise Conflict(N_("Version %(version)s never served, so it cannot serve again. Train a new one."), version=row.version)
    _retire_champion(session, row.task)
    session.flush()
    row.state = CHAMPION
    session.flush()


def _retire_champion(session: Session, task: str) -> None:
    session.execute(update(ModelVersion).where(ModelVersion.task == task, ModelVersion.state == CHAMPION).values(state=RETIRED))


def champion(session: Session, task: str) -> ModelVersion | None:
    """The version that serves, without its artefact."""
    return session.execute(
        select(ModelVersion).where(ModelVersion.task == task, ModelVersion.state == CHAMPION)
    ).scalar_one_or_none()


def latest(session: Session, task: str) -> ModelVersion | None:
    """The last training, shipped or not."""
    statement = select(ModelVersion).where(ModelVersion.task == task).order_by(ModelVersion.version.desc()).limit(1)
    return session.execute(statement).scalar_one_or_none()


def shown(session: Session, task: str) -> ModelVersion | None:
    """The version a model's page tells of: the last training, or the champion where it was put back. None before the first.

    A training that could score took the champion from service: one that serves beside it was put back. Beside one that could
    not, it has served all along.
    """
    serves, last = champion(session, task), latest(session, task)
    return serves if serves is not None and last is not None and last.state in (RETIRED, BASELINE) else last


def telling(session: Session, tasks: Collection[str]) -> dict[str, ModelVersion]:
    """By task the version whose scores people see: the one that serves, else the last training."""
    last = select(ModelVersion.task, func.max(ModelVersion.version)).group_by(ModelVersion.task)
    told = or_(ModelVersion.state == CHAMPION, tuple_(ModelVersion.task, ModelVersion.version).in_(last))
    rows = session.execute(select(ModelVersion).where(ModelVersion.task.in_(tasks), told)).scalars()
    return {row.task: row for row in sorted(rows, key=lambda row: row.state == CHAMPION)}


def numbered(session: Session, task: str, number: int | None) -> ModelVersion:
    """A version by its number. Raises NotFound."""
    statement = select(ModelVersion).where(ModelVersion.task == task, ModelVersion.version == number)
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("This model has no such version."))
    return found


def history(session: Session, task: str, *, most: int = 20) -> Sequence[ModelVersion]:
    """Versions of a task, newest first."""
    statement = select(ModelVersion).where(ModelVersion.task == task).order_by(ModelVersion.version.desc()).limit(most)
    return session.execute(statement).scalars().all()


def of_job(session: Session, task: str, job_id: int) -> ModelVersion | None:
    """The version that this very job has kept already, where an earlier attempt got so far."""
    statement = select(ModelVersion).where(ModelVersion.task == task, ModelVersion.job_id == job_id)
    return session.execute(statement).scalar_one_or_none()


def summary(row: ModelVersion) -> dict[str, Any]:
    """A version in JSON terms, as the command line and the API show it."""
    return {
        "version": row.version,
        "state": row.state,
        "tier": row.tier,
        "verdict": row.verdict,
        "verdict_params": row.verdict_params,
        "as_of": row.as_of.isoformat(),
        "parameters": row.parameters,
        "metrics": row.metrics,
        "warnings": row.warnings,
        "sha256": row.sha256,
        "seed": row.seed,
    }


def artefact(session: Session, row: ModelVersion, key: str) -> bytes:
    """The proved bytes of a version. Raises NotFound where it has none, Tampered where they are not what was trained."""
    full = session.execute(
        select(ModelVersion).options(undefer(ModelVersion.artefact)).where(ModelVersion.id == row.id)
    ).scalar_one()
    if full.artefact is None:
        raise NotFound(N_("Version %(version)s of this model holds nothing to open: it was not trained."), version=row.version)
    return artefacts.opened(
        full.artefact,
        key,
        tenant=str(tenant_of(session).public_id),
        task=row.task,
        version=row.version,
        digest=row.sha256,
        sealed=row.hmac,
    )


def _seal(session: Session, key: str, task: str, version: int, digest: str) -> str:
    return artefacts.seal(key, tenant=str(tenant_of(session).public_id), task=task, version=version, digest=digest)
