"""The value a customer shows where its records say different things: a rule per field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Table, Text, case, cast, column, func, literal, or_, select, true, update
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, insert
from sqlalchemy.orm import Session

from kith_platform.audit.service import record
from kith_platform.customers.models import Attribute, Customer
from kith_platform.duplicates.models import SurvivingRule
from kith_platform.errors import Forbidden, Invalid
from kith_platform.facts.models import CustomerRecord
from kith_platform.i18n import N_
from kith_tenants.context import Actor

TRUSTED, RECENT, FILLED = "trusted", "recent", "filled"
RULES = (TRUSTED, RECENT, FILLED)
FIELDS = ("name", "kind", "email", "phone", "city", "country")
OWN = "attribute:"  # begins the field of a company's own attribute
BATCH = 20_000  # customers of one statement
PEOPLE = "kith"  # what people write here is believed before every file

RECORD: Table = CustomerRecord.__table__
CUSTOMER: Any = Customer.__table__
_FILLED = ("name", "given_name", "family_name", "email", "phone", "address", "city", "postcode", "country", "birth_year")


@dataclass(frozen=True)
class Rule:
    """How one field is chosen. `trusted`: the first of `sources` that says anything, then the most recent."""

    rule: str = TRUSTED
    sources: tuple[str, ...] = ()


def rules(session: Session, own: Sequence[str] = ()) -> dict[str, Rule]:
    """The rule of every field, and of the company's own attributes `own`; without a word of the company's the most trusted
    source, people first, then the latest import."""
    said = _said(session)
    return {field: said.get(field, Rule()) for field in (*FIELDS, *(OWN + key for key in own))}


def _said(session: Session) -> dict[str, Rule]:
    return {row.field: Rule(row.rule, tuple(row.sources)) for row in session.execute(select(SurvivingRule)).scalars()}


def set_rule(session: Session, actor: Actor, field: str, rule: str, sources: Sequence[str] = ()) -> None:
    """Choose a field's rule; it holds for every customer of several records from now on. Raises Forbidden, Invalid."""
    if not actor.can("customers:merge"):
        raise Forbidden
    if (field not in FIELDS and not field.startswith(OWN)) or rule not in RULES:
        raise Invalid(N_("Choose one of the values of the list."))
    values = {"rule": rule, "sources": list(sources)}
    wanted = insert(SurvivingRule).values(field=field, **values)
    session.execute(wanted.on_conflict_do_update(index_elements=["tenant_id", "field"], set_=values))
    several = select(RECORD.c.customer_id).where(RECORD.c.customer_id.is_not(None)).group_by(RECORD.c.customer_id)
    show(session, several.having(func.count() > 1))
    record(session, actor, "duplicates:rule_set", f"field:{field}", values)


def show(session: Session, customers: Any) -> None:
    """Write what each of these customers shows: `customers` is a select of customer ids, or ids. One statement for all.

    The name is a record's own, else given and family name; a customer without any is called by e-mail, phone or id. Call it
    where records were added, changed or moved.
    """
    chosen = rules(session)
    whole = func.nullif(func.concat_ws(" ", func.nullif(RECORD.c.given_name, ""), func.nullif(RECORD.c.family_name, "")), "")
    said: Mapping[str, Any] = {
        **{field: func.nullif(RECORD.c[field], "") for field in FIELDS},
        "name": func.coalesce(func.nullif(RECORD.c.name, ""), whole),
    }
    best = [_best(said[field], chosen[field]).label(field) for field in FIELDS]
    fallback = func.max(RECORD.c.external_id).filter(RECORD.c.source != PEOPLE).label("fallback")
    tests = func.bool_or(func.coalesce(RECORD.c.is_test, False)).label("is_test")
    of = RECORD.c.customer_id.in_(customers)
    found = select(RECORD.c.customer_id, *best, fallback, tests).where(of).group_by(RECORD.c.customer_id).subquery()
    values = {field: func.coalesce(found.c[field], literal("person" if field == "kind" else "")) for field in FIELDS}
    values["name"] = func.coalesce(found.c.name, found.c.email, found.c.phone, found.c.fallback, "")
    changed = [CUSTOMER.c[field].is_distinct_from(value) for field, value in values.items()]
    session.execute(
        update(CUSTOMER)
        .where(CUSTOMER.c.id == found.c.customer_id)
        .where(or_(*changed, CUSTOMER.c.is_test.is_distinct_from(found.c.is_test)))
        .values(**values, is_test=found.c.is_test, changed_at=func.now()),
        execution_options={"synchronize_session": False},
    )
    show_attributes(session, customers)


def show_attributes(session: Session, customers: Any) -> None:
    """Write the company's own attributes that each of these customers shows, by the rule of each. `customers` as of `show`."""
    keys = session.execute(select(Attribute.key)).scalars().all()
    if not keys:
        return
    said = _said(session)
    by_rule: dict[Rule, list[str]] = {}
    for key in keys:
        by_rule.setdefault(said.get(OWN + key, Rule()), []).append(key)
    each = func.jsonb_each(RECORD.c.attributes).table_valued("key", column("value", JSONB), name="each_").render_derived()
    whole: Any = cast(literal("{}"), JSONB)
    for rule, chosen in by_rule.items():
        # Of equal keys an object keeps the last: the worst first.
        value = aggregate_order_by(each.c.value, *(rank.desc() for rank in _ranks(rule)))
        part = func.jsonb_object_agg(each.c.key, value).filter(each.c.key.in_(chosen))
        whole = whole.op("||")(func.coalesce(part, cast(literal("{}"), JSONB)))
    records = RECORD.outerjoin(each, true())
    ids = sorted(customers if isinstance(customers, Sequence) else set(session.execute(customers).scalars()))
    # Of tables that were filled just now the planner knows nothing, and would look through them for each customer: ids are
    # given as values, and loops within loops are not for the choosing.
    session.execute(select(func.set_config("enable_nestloop", "off", True)))
    for start in range(0, len(ids), BATCH):
        these = func.any(cast(literal(ids[start : start + BATCH], ARRAY(BigInteger)), ARRAY(BigInteger)))
        of = select(RECORD.c.customer_id, whole.label("attributes")).select_from(records).where(RECORD.c.customer_id == these)
        found = of.group_by(RECORD.c.customer_id).subquery()
        session.execute(
            update(CUSTOMER)
            .where(CUSTOMER.c.id == found.c.customer_id, CUSTOMER.c.id == these)
            .where(CUSTOMER.c.attributes.is_distinct_from(found.c.attributes))
            .values(attributes=found.c.attributes, changed_at=func.now()),
            execution_options={"synchronize_session": False},
        )
    session.execute(select(func.set_config("enable_nestloop", "on", True)))


def _best(value: Any, rule: Rule) -> Any:
    """The first value in the rule's order."""
    return func.array_agg(aggregate_order_by(value, *_ranks(rule))).filter(value.is_not(None))[1]


def _ranks(rule: Rule) -> list[Any]:
    """Numbers of a record of which the smaller is the better; later imports count as more recent, and a later record of the
    same import."""
    latest = [-func.coalesce(RECORD.c.import_id, 0), -RECORD.c.id]
    if rule.rule == TRUSTED:
        trust = {PEOPLE: 0, **{source: place for place, source in enumerate(rule.sources, 1)}}
        return [case(trust, value=RECORD.c.source, else_=len(trust) + 1), *latest]
    if rule.rule == FILLED:
        return [-func.num_nonnulls(*(func.nullif(cast(RECORD.c[name], Text), "") for name in _FILLED)), *latest]
    return latest
