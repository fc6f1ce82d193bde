"""An earlier version of a question, asked again: it says what there is now, and serves."""

from __future__ import annotations

from kith_platform.errors import Conflict
from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun
from kith_platform.labelled import answering, events
from kith_platform.labelled.material import Wanted
from kith_platform.labelled.models import LabelledSet, OwnQuestion
from kith_platform.labelled.scoring import Scorer
from kith_platform.predict import versions
from kith_platform.predict.models import ModelVersion


class Gone(Conflict):
    code = "columns_gone"
    default = N_(
        "Version %(version)s cannot be used again: it learnt from what is no longer there, or is something else by now: "
        "%(columns)s. Bring it back, or train again."
    )


def lines(run: JobRun, asked: OwnQuestion, table: LabelledSet | None, version: ModelVersion, artefact: bytes) -> None:
    """Of the lines of a table, or of customers with their attributes. Raises Gone, NotYesNo where the outcome is gone."""
    scorer, kept = Scorer.from_bytes(artefact, threads=run.threads), version.parameters.get("kept", [])
    learnt = frozenset(name for name, _kind, _levels in scorer.encoder.columns)
    found = answering.material_of(run, asked, table, Wanted(kept, learnt))
    if lacks := scorer.lacks(found.table):
        raise Gone(version=version.version, columns=", ".join(lacks))
    answering.telling(run)(60, N_("Writing down what came of it"))
    blob = answering.written(run, asked, found, scorer.chances(found.table))
    scored = answering.of_customers(found, scorer)
    with run.step() as session:
        there = answering.question(session, asked.id, alone=True)
        row = versions.numbered(session, asked.task, version.version)
        versions.promote(session, row)
        answering.keep(session, row, scored, found.as_of)
        there.scored, there.keep = blob, kept
    answering.forget(run, asked, blob)


def event(run: JobRun, asked: OwnQuestion, version: ModelVersion, artefact: bytes) -> None:
    """Of an event, by what is known of customers today. Raises Gone."""
    from kith_platform.frames import open_frames
    from kith_platform.predict import classify
    from kith_platform.predict.asked import classification
    from kith_platform.snapshots import service as snapshots

    manifest, name = snapshots.take(run.runtime, run.tenant.id), asked.outcome.removeprefix(events.PREFIX)
    with open_frames(run.runtime, run.tenant, manifest, threads=run.threads, memory_mb=run.memory_mb) as frames:
        evidence, as_of = events.evidence(run, frames, seed=version.seed), frames.last_day
        there = evidence.matrix(evidence.question.cutoff).names
        if lacks := [feature for feature in version.features if feature not in there]:
            raise Gone(version=version.version, columns=", ".join(lacks))
        scored = classify.rescore(classification(events.model_of(name)), evidence, artefact, version.report)
    with run.step() as session:
        answering.question(session, asked.id, alone=True)
        row = versions.numbered(session, asked.task, version.version)
        versions.promote(session, row)
        answering.keep(session, row, scored, as_of)
