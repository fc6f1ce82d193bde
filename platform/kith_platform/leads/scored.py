"""Scores of leads, opportunities and invoices: those whose row the actor may see, the highest first."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, literal, select, tuple_
from sqlalchemy.orm import Session

from kith_platform.errors import BadRequest
from kith_platform.facts.models import Invoice, Lead, Opportunity
from kith_platform.i18n import N_
from kith_platform.leads import service as leads
from kith_platform.opportunities import reps
from kith_platform.opportunities import service as opportunities
from kith_platform.predict import scores, sentences, versions
from kith_platform.predict.models import FactScore
from kith_platform.predict.sentences import Because
from kith_platform.predict.service import TASKS
from kith_tenants.context import Actor, Reach


def page(
    session: Session, actor: Actor, task: str, subject: str, *, after: str = "", limit: int
) -> tuple[Sequence[tuple[FactScore, Any]], str | None]:
    """(score, public id of its row), and the key of the next page. Raises BadRequest for a page key that is none."""
    fact: Any = {"leads": Lead, "opportunities": Opportunity, "invoices": Invoice}[subject]
    statement = select(FactScore, fact.public_id).join(fact, fact.id == FactScore.row_id).where(FactScore.task == task)
    statement = _seen(session, statement, actor, subject)
    if after:
        value, number = _read(after)
        statement = statement.where(tuple_(FactScore.value, FactScore.row_id) < tuple_(literal(value), literal(number)))
    statement = statement.order_by(FactScore.value.desc(), FactScore.row_id.desc()).limit(limit + 1)
    found = [(score, public_id) for score, public_id in session.execute(statement)]
    last = found[limit - 1][0] if len(found) > limit else None
    return found[:limit], _write(last) if last is not None else None


def serving(session: Session, actor: Actor, task: str, row_ids: Sequence[int]) -> dict[int, FactScore]:
    """Scores of rows by their ids, where a model serves and the actor may read what models say; else none."""
    if not row_ids or not actor.can("models:read") or versions.champion(session, task) is None:
        return {}
    return scores.of_rows(session, task, row_ids)


def why(task: str, score: FactScore, language: str, currency: str) -> Because:
    """What is typical of a score, in words."""
    return sentences.reasons(TASKS[task], score.reasons, sentences.features(), language, currency)


def _seen(session: Session, statement: Select[Any], actor: Actor, subject: str) -> Select[Any]:
    if subject == "leads":
        return leads.seen(session, statement, actor)
    if subject == "opportunities":
        return opportunities.seen(session, statement, actor)
    return statement if actor.reach is Reach.ALL else statement.where(Invoice.record_id.in_(reps.records_seen(actor)))


def _write(row: FactScore) -> str:
    return base64.urlsafe_b64encode(json.dumps([row.value, row.row_id]).encode()).decode().rstrip("=")


def _read(key: str) -> tuple[float, int]:
    try:
        value, number = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        return float(value), int(number)
    except (ValueError, TypeError, binascii.Error):
        raise BadRequest(N_("This page key does not belong to this list. Begin again with the first page.")) from None
