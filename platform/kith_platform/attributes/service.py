"""Use cases of attributes: make, change and remove them, allow them in models, and say what uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kith_platform.attributes.guessing import key_of
from kith_platform.attributes.kinds import (
    ATTRIBUTES,
    CHOICE,
    CHOICE_LENGTH,
    CHOICES,
    CURRENT,
    DATED,
    KINDS,
    LABEL,
    TEXT,
    TIMINGS,
    Column,
    Definition,
    definitions,
    reading,
)
from kith_platform.attributes.values import fold
from kith_platform.audit.service import record
from kith_platform.customers.models import Attribute
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from kith_platform.i18n import N_
from kith_platform.imports.models import Import
from kith_platform.jobs import service as jobs
from kith_platform.predict.models import CHAMPION, ModelVersion
from kith_platform.segments.models import SavedView, Segment
from kith_tenants.context import Actor

SEE = "customers:sensitive"  # the right to see values of sensitive attributes, and to let models learn from them
REASON = 500  # characters of a purpose or of how customers agreed
NEEDED = {
    "purpose": N_("Say for what purpose models may learn from it: it is sensitive."),
    "consent": N_("Say how the customers agreed to that: it is sensitive."),
}
LISTED = "attribute."  # begins an attribute's column in the customer list's address
FEATURE = "attribute_"  # begins the names of its features


@dataclass(frozen=True)
class Uses:
    """Names of what uses an attribute: segments by their rule, saved views by their columns, models that learnt from it."""

    segments: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.segments or self.views or self.models)


def listed(session: Session) -> Sequence[Attribute]:
    """The company's attributes, by label."""
    return session.execute(select(Attribute).order_by(Attribute.label, Attribute.key)).scalars().all()


def get(session: Session, key: str) -> Attribute:
    """Raises NotFound."""
    found = session.execute(select(Attribute).where(Attribute.key == key)).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("There is no such attribute here. It may have been removed."))
    return found


def create(session: Session, actor: Actor, given: Mapping[str, Any]) -> Attribute:
    """Make an attribute of `label`, `kind`, `timing`, `sensitive`, `choices` and `columns` ([Column]); its values are filled in
    by a job. Raises Forbidden, Conflict, or Invalid with an error per field."""
    _may_write(actor)
    known = listed(session)
    if len(known) >= ATTRIBUTES:
        raise Conflict(N_("There are %(most)s attributes already. Remove one that nobody uses."), most=ATTRIBUTES)
    wanted = _checked(given, known, None)
    wanted = replace(wanted, key=key_of(wanted.label, {row.key for row in known}), in_models=not wanted.sensitive)
    row = Attribute(**_stored(wanted))
    session.add(row)
    session.flush()
    record(session, actor, "attribute:created", f"attribute:{row.key}", _told(row))
    ask(session, row.key, actor)
    return row


def keep(session: Session, actor: Actor, offer: Definition) -> Attribute:
    """Keep a column as the attribute it was taken for; a column of another source joins the attribute of the same name.

    Raises as `create`.
    """
    same = next((row for row in listed(session) if fold(row.label) == fold(offer.label)), None)
    if same is None:
        return create(session, actor, {**asdict(offer), "columns": offer.columns})
    own = Definition.of(same)
    choices = (*own.choices, *(offer.choices if own.kind == offer.kind else ()))[:CHOICES]
    return change(session, actor, same, {"columns": (*own.columns, *offer.columns), "choices": choices})


def change(session: Session, actor: Actor, row: Attribute, given: Mapping[str, Any]) -> Attribute:
    """Give an attribute other words, another kind or other columns; what is not `given` stays. Values are read anew where
    they follow from it. Raises Forbidden, or Invalid with an error per field."""
    _may_write(actor)
    before, told = Definition.of(row), _told(row)
    wanted = _checked({**asdict(before), "columns": before.columns, **given}, listed(session), row)
    if before.sensitive and not wanted.sensitive:
        _may_see(actor)
    # What becomes sensitive leaves the models until somebody says otherwise.
    stays = before.in_models and wanted.sensitive <= before.sensitive
    purpose, consent = (before.purpose, before.consent) if stays and wanted.sensitive else ("", "")
    wanted = replace(wanted, key=row.key, in_models=stays, purpose=purpose, consent=consent)
    for name, value in _stored(wanted).items():
        setattr(row, name, value)
    session.flush()
    record(session, actor, "attribute:changed", f"attribute:{row.key}", {"before": told, "after": _told(row)})
    if replace(before, label="", sensitive=False, in_models=True) != replace(wanted, label="", sensitive=False, in_models=True):
        ask(session, row.key, actor)
    return row


def allow(session: Session, actor: Actor, row: Attribute, *, in_models: bool, purpose: str = "", consent: str = "") -> None:
    """Let models learn from the attribute, or not. A sensitive one asks for the right to see it, and for what it is to be used
    (`purpose`) and how the customers agreed (`consent`). Raises Forbidden, or Invalid where one of the two is missing.
    """
    _may_write(actor)
    recorded = {"purpose": "", "consent": ""}
    if row.sensitive:
        _may_see(actor)
        if in_models:
            recorded = {"purpose": purpose.strip() or row.purpose, "consent": consent.strip() or row.consent}
            missing = [FieldError(name, NEEDED[name]) for name, words in recorded.items() if not words]
            long = {name for name, words in recorded.items() if len(words) > REASON}
            missing += [FieldError(name, N_("This is too long: %(most)s characters at most."), {"most": REASON}) for name in long]
            if missing:
                raise Invalid(fields=missing)
    if (row.in_models, row.purpose, row.consent) != (in_models, recorded["purpose"], recorded["consent"]):
        row.in_models, row.purpose, row.consent = in_models, recorded["purpose"], recorded["consent"]
        session.flush()
        detail = {"name": row.label, "sensitive": row.sensitive, **{name: words for name, words in recorded.items() if words}}
        record(session, actor, "attribute:allowed" if in_models else "attribute:kept_out", f"attribute:{row.key}", detail)


def remove(session: Session, actor: Actor, row: Attribute) -> None:
    """Remove an attribute; a job takes its values away. What the files said stays with their records, so it can be kept again.

    Raises Forbidden, or Conflict where a segment's rule asks for it.
    """
    _may_write(actor)
    used = uses(session)[row.key]
    if used.segments:
        names = ", ".join(used.segments)
        raise Conflict(
            N_("'%(name)s' is used by the rule of: %(others)s. Change those segments first."), name=row.label, others=names
        )
    record(session, actor, "attribute:removed", f"attribute:{row.key}", _told(row))
    session.execute(delete(Attribute).where(Attribute.id == row.id))
    jobs.ask(session, "attributes.forget", {"key": row.key}, asked_by=actor.member_id)


def ask(session: Session, key: str, actor: Actor | None = None) -> Any:
    """Ask for an attribute's values to be read from what imports kept."""
    return jobs.ask(session, "attributes.fill", {"key": key}, asked_by=actor.member_id if actor else None)


def catch_up(session: Session, done: Import, filled: Sequence[Definition] = ()) -> None:
    """After an import or its undoing: ask for attributes that it did not fill as they are defined by now (`filled`: as it knew
    them), and for dated ones whose history it brought or took."""
    if done.table_name == "attribute_changes":
        for one in definitions(session):
            if one.timing == DATED:
                ask(session, one.key)
    elif done.table_name == "customers":
        columns = [str(source) for source in done.mapping.get("unmapped", ())]
        for one in reading(session, done.source, columns):
            if one not in filled and (done.undone_at is None or one.timing == DATED):
                ask(session, one.key)


def uses(session: Session) -> dict[str, Uses]:
    """What uses each attribute, by key."""
    segments = session.execute(select(Segment.name, Segment.rule).order_by(Segment.name)).all()
    views = session.execute(select(SavedView.name, SavedView.query).order_by(SavedView.name)).all()
    models = session.execute(select(ModelVersion.task, ModelVersion.features).where(ModelVersion.state == CHAMPION)).all()
    return {
        key: Uses(
            tuple(name for name, rule in segments if key in set(_mentioned(rule))),
            tuple(name for name, query in views if ("columns", LISTED + key) in parse_qsl(query)),
            tuple(task for task, features in models if any(_is_of(key, feature) for feature in features)),
        )
        for key in session.execute(select(Attribute.key)).scalars()
    }


def _is_of(key: str, feature: str) -> bool:
    """Whether a feature is the attribute's: `attribute_<key>`, or `attribute_<key>.<choice>`."""
    return feature.partition(".")[0] == FEATURE + key


def _mentioned(document: Any) -> Iterator[str]:
    if isinstance(document, Mapping):
        if isinstance(document.get("attribute"), str):
            yield document["attribute"]
        for part in document.values():
            yield from _mentioned(part)
    elif isinstance(document, list):
        for part in document:
            yield from _mentioned(part)


def _checked(given: Mapping[str, Any], known: Sequence[Attribute], own: Attribute | None) -> Definition:
    label = str(given.get("label") or "").strip()
    kind, timing = given.get("kind") or TEXT, given.get("timing") or CURRENT
    said = (str(one).strip() for one in given.get("choices") or ())
    choices = tuple({fold(one): one for one in reversed(tuple(said)) if one}.values())[::-1] if kind == CHOICE else ()
    columns: tuple[Column, ...] = tuple(given.get("columns") or ())
    others = [row for row in known if row is not own]
    errors: list[FieldError] = []
    if not label or len(label) > LABEL:
        errors.append(FieldError("label", N_("Give the attribute a name of at most %(most)s characters."), {"most": LABEL}))
    elif any(fold(row.label) == fold(label) for row in others):
        errors.append(FieldError("label", N_("There is an attribute called '%(name)s' already."), {"name": label}))
    if kind not in KINDS and (own is None or kind != own.kind):
        errors.append(FieldError("kind", N_("Choose one of the values of the list.")))
    if timing not in TIMINGS:
        errors.append(FieldError("timing", N_("Choose one of the values of the list.")))
    if kind == CHOICE and not 0 < len(choices) <= CHOICES:
        errors.append(FieldError("choices", N_("Give between 1 and %(most)s values to choose from."), {"most": CHOICES}))
    if any(len(one) > CHOICE_LENGTH for one in choices):
        errors.append(FieldError("choices", N_("This is too long: %(most)s characters at most."), {"most": CHOICE_LENGTH}))
    taken = {(one["source"], one["column"]): row.label for row in others for one in row.columns}
    for column in columns:
        if (column.source, column.column) in taken:
            params: dict[str, object] = {"column": column.column, "name": taken[column.source, column.column]}
            errors.append(FieldError("columns", N_("The column “%(column)s” is kept as “%(name)s” already."), params))
    if errors:
        raise Invalid(fields=errors)
    sensitive = bool(given.get("sensitive"))
    return Definition("", label, kind, timing, sensitive, not sensitive, choices, columns)


def _stored(one: Definition) -> dict[str, Any]:
    return {**asdict(one), "choices": list(one.choices), "columns": [column.to_json() for column in one.columns]}


def _told(row: Attribute) -> dict[str, Any]:
    columns = [f"{one['source']}: {one['column']}" for one in row.columns]
    return {"name": row.label, "kind": row.kind, "timing": row.timing, "sensitive": row.sensitive, "columns": columns}


def _may_write(actor: Actor) -> None:
    if not actor.can("attributes:write"):
        raise Forbidden


def _may_see(actor: Actor) -> None:
    if not actor.can(SEE):
        raise Forbidden(N_("This attribute is sensitive. Ask somebody who may see sensitive attributes to do this."))
