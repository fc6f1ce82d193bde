"""Use cases of surveys: make one, close it, open it again."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.errors import FieldError, Forbidden, Invalid, NotFound
from kith_platform.i18n import LANGUAGES, N_
from kith_platform.surveys.kinds import KINDS, SurveyKind
from kith_platform.surveys.models import CLOSED, OPEN, Survey
from kith_tenants.context import Actor

PAGE = 50
READ, ANSWER, MANAGE = "surveys:read", "surveys:answer", "surveys:manage"
WHERE = ("touchpoint", "channel", "unit")
LONGEST_NAME, LONGEST = 100, 300  # characters
QUESTION = "question_"  # what a form calls a question's words, before the language


def kind_of(row: Survey) -> SurveyKind:
    return KINDS[row.kind]


def page(
    session: Session, *, state: str = "", before: uuid.UUID | None = None, limit: int = PAGE, of_customers: bool = False
) -> Sequence[Survey]:
    """Surveys newest first, older than `before`; one more than `limit` when there are further ones."""
    statement = select(Survey).order_by(Survey.public_id.desc()).limit(limit + 1)
    if state:
        statement = statement.where(Survey.state == state)
    if of_customers:
        statement = statement.where(Survey.kind.in_([kind.code for kind in KINDS.values() if not kind.anonymous]))
    if before is not None:
        statement = statement.where(Survey.public_id < before)
    return session.execute(statement).scalars().all()


def get(session: Session, public_id: uuid.UUID) -> Survey:
    """Raises NotFound."""
    found = session.execute(select(Survey).where(Survey.public_id == public_id)).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("There is no such survey here. The link may be old, or it belongs to another company."))
    return found


def create(session: Session, actor: Actor, given: Mapping[str, Any]) -> Survey:
    """Make a survey of `kind` and `name`, open at once; `questions` by language replace the kind's usual words, `touchpoint`,
    `channel` and `unit` go into its answers. Raises Forbidden, Invalid with an error per field.
    """
    _may(actor)
    row = Survey(**_checked(given), made_by=actor.member_id)
    session.add(row)
    session.flush()
    session.refresh(row)
    record(session, actor, "survey:created", subject(row), {"name": row.name, "kind": row.kind})
    return row


def close(session: Session, actor: Actor, row: Survey) -> Survey:
    """Nobody can answer it any more; what was answered stays. Raises Forbidden."""
    _may(actor)
    if row.state == OPEN:
        row.state, row.closed_at = CLOSED, dt.datetime.now(dt.UTC)
        record(session, actor, "survey:closed", subject(row), {"name": row.name})
        session.flush()
    return row


def reopen(session: Session, actor: Actor, row: Survey) -> Survey:
    """Its links work again. Raises Forbidden."""
    _may(actor)
    if row.state == CLOSED:
        row.state, row.closed_at = OPEN, None
        record(session, actor, "survey:reopened", subject(row), {"name": row.name})
        session.flush()
    return row


def subject(row: Survey) -> str:
    """How the audit trail names it."""
    return f"survey:{row.public_id}"


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    text = {name: str(given.get(name) or "").strip().replace("\x00", "") for name in ("name", "kind", *WHERE)}
    kind = KINDS.get(text["kind"])
    errors = [] if kind else [FieldError("kind", N_("Choose one of the values of the list."))]
    if not text["name"]:
        errors.append(FieldError("name", N_("Give it a name, by which you know it again.")))
    questions = kind.questions() if kind else {}
    for language in LANGUAGES:
        typed = str((given.get("questions") or {}).get(language) or "").strip().replace("\x00", "")
        questions[language] = typed or questions.get(language, "")
    lengths = {name: (text[name], LONGEST_NAME) for name in ("name", *WHERE)}
    lengths |= {QUESTION + language: (words, LONGEST) for language, words in questions.items()}
    errors += [
        FieldError(name, N_("This is too long: %(most)s characters at most."), {"most": longest})
        for name, (words, longest) in lengths.items()
        if len(words) > longest
    ]
    if errors:
        raise Invalid(fields=errors)
    return {**text, "questions": questions}


def _may(actor: Actor) -> None:
    if not actor.can(MANAGE):
        raise Forbidden
