"""Bringing segments up to date in the order their rules ask for one another. One that fails says so and holds up no other."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import duckdb
import structlog
from sqlalchemy.exc import DBAPIError

from kith_platform.errors import KithError
from kith_platform.i18n import N_
from kith_platform.refresh.graph import Turn
from kith_platform.segments import members, sample, service, vocabulary
from kith_platform.segments.models import Segment
from kith_platform.segments.sample import ONE_IN, SMALL
from kith_platform.segments.scope import Scope
from kith_platform.segments.vocabulary import Vocabulary

log = structlog.get_logger(__name__)
BROKEN = N_("The members could not be counted. The log says why; the next refresh tries again.")


def rebuild(turn: Turn, only: Collection[uuid.UUID] | None = None) -> list[dict[str, Any]]:
    """Build every dynamic segment and those whose rule was not counted yet; or `only` these, and the dynamic ones that ask for
    them.

    Says of each how it went.
    """
    run = turn.run
    with run.step() as session:
        words = vocabulary.of_company(session, run.runtime.facts, run.runtime.plugins)
        scope = service.scope(session, run.runtime.facts, words)
        due = _due(service.in_order(service.listed(session)), only)
        sampled = sample.keep(session) if only is None else []
    if ONE_IN * len(sampled) > SMALL:
        sample.draw(turn, sampled)
    told = []
    for number, segment in enumerate(due):
        run.check()
        run.progress(number, len(due), N_("Counting segments"))
        told.append({"segment": segment.public_id.hex, "name": segment.name, **_one(turn, segment, words, scope)})
    return told


def _due(segments: list[Segment], only: Collection[uuid.UUID] | None) -> list[Segment]:
    if only is None:
        return [one for one in segments if one.dynamic or one.built_version != one.version]
    wanted = set(only)
    found = []
    for one in segments:  # in order, so that what asks for a wanted one comes after it
        if one.public_id in wanted or (one.dynamic and service.mentioned(one.rule) & wanted):
            wanted.add(one.public_id)
            found.append(one)
    return found


def _one(turn: Turn, segment: Segment, words: Vocabulary, scope: Scope) -> dict[str, Any]:
    try:
        return asdict(members.build(turn, segment, service.rule_of(segment, words), scope))
    except members.Changed:
        return {"how": "changed meanwhile"}
    except KithError as error:
        problem, params = (error.fields[0].message, error.fields[0].params) if error.fields else (error.message, error.params)
    except (DBAPIError, duckdb.Error) as error:
        log.warning("segment.failed", tenant=turn.run.tenant.id, segment=segment.public_id.hex, error=str(error))
        problem, params = BROKEN, {}
    with turn.run.step() as session:
        members.fail(session, segment, problem, params)
    return {"how": "failed"}
