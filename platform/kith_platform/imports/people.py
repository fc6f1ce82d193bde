"""Customers for the records a chunk has brought: made where there is none, their shown values, identities and search tokens."""

from __future__ import annotations

from typing import Any

from psycopg import sql
from sqlalchemy import Table, case, delete, false, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer, CustomerIdentity, CustomerToken
from kith_platform.customers.search import tokens
from kith_platform.facts.models import CustomerRecord
from kith_platform.imports.plan import BEGINNING

RECORD: Table = CustomerRecord.__table__
CUSTOMER: Any = Customer.__table__
# What a customer shows of its record: a name made up of what there is, and the rest where the record says it.
_FULL = func.nullif(func.concat_ws(" ", RECORD.c.given_name, RECORD.c.family_name), "")
SHOWN = {"name": func.coalesce(RECORD.c.name, _FULL, RECORD.c.email, RECORD.c.external_id)}
FIRST: dict[str, tuple[Any, Any]] = {
    **{name: (RECORD.c[name], literal("")) for name in ("email", "phone", "city", "country")},
    "kind": (RECORD.c.kind, literal("person")),
    "is_test": (RECORD.c.is_test, false()),
}
_QUIET = {"synchronize_session": False}


def settle(session: Session, import_id: int) -> int:
    """After a chunk's records are in: everything about customers that follows from those it made or changed.

    Works on records of this import whose changed_at is this transaction's. Returns how many customers were made.
    """
    touched = (RECORD.c.import_id == import_id) & (RECORD.c.changed_at == func.now())
    _show(session, touched)
    # What has been known for ever has no date: such a customer counts from its arrival here.
    since = case((RECORD.c.known_at > BEGINNING, RECORD.c.known_at), else_=func.now())
    shown = {**SHOWN, **{name: func.coalesce(value, default) for name, (value, default) in FIRST.items()}}
    result: Any = session.execute(
        insert(CUSTOMER).from_select(
            ["first_record_id", "created_at", *shown],
            select(RECORD.c.id, since, *shown.values()).where(touched, RECORD.c.customer_id.is_(None)),
        ),
        execution_options={"preserve_rowcount": True},
    )
    made = int(result.rowcount)
    if made:
        session.execute(
            update(RECORD)
            .where(RECORD.c.tenant_id == CUSTOMER.c.tenant_id, RECORD.c.id == CUSTOMER.c.first_record_id)
            .where(touched, RECORD.c.customer_id.is_(None))
            .values(customer_id=CUSTOMER.c.id)
        )
    _identify(session, touched)
    _tokenise(session, touched)
    return made


def show_again(session: Session, records: Any) -> None:
    """After these records (a condition on RECORD) were set back: what their customers show follows from what is left."""
    theirs = select(RECORD.c.customer_id).where(records)
    blank = dict.fromkeys(("name", "email", "phone", "city", "country"), "") | {"kind": "person", "is_test": False}
    session.execute(update(CUSTOMER).where(CUSTOMER.c.id.in_(theirs)).values(blank), execution_options=_QUIET)
    touched = RECORD.c.customer_id.in_(theirs)
    _show(session, touched)
    _identify(session, touched)
    _tokenise(session, touched)


def _show(session: Session, touched: Any) -> None:
    """The customer shows what its latest record says."""
    values = {**SHOWN, **{name: func.coalesce(value, CUSTOMER.c[name]) for name, (value, _default) in FIRST.items()}}
    session.execute(
        update(CUSTOMER)
        .where(CUSTOMER.c.tenant_id == RECORD.c.tenant_id, CUSTOMER.c.id == RECORD.c.customer_id, touched)
        .values({**values, "changed_at": func.now()}),
        execution_options=_QUIET,
    )


def _identify(session: Session, touched: Any) -> None:
    mine = select(RECORD.c.id).where(touched)
    session.execute(delete(CustomerIdentity).where(CustomerIdentity.record_id.in_(mine)), execution_options=_QUIET)
    email = func.lower(func.btrim(RECORD.c.email))
    phone = func.regexp_replace(RECORD.c.phone, "[^0-9]", "", "g")
    for kind, value in (("email", email), ("phone", phone)):
        rows = select(RECORD.c.id, literal(kind), value).where(touched, value.is_not(None), value != "")
        session.execute(upsert(CustomerIdentity).from_select(["record_id", "kind", "value"], rows).on_conflict_do_nothing())


def _tokenise(session: Session, touched: Any) -> None:
    """Tokens of all records of a touched customer, written by one COPY into a temporary table."""
    customers = select(RECORD.c.customer_id).where(touched)
    rows = session.execute(
        select(
            RECORD.c.customer_id,
            RECORD.c.name,
            RECORD.c.given_name,
            RECORD.c.family_name,
            RECORD.c.email,
            RECORD.c.phone,
            RECORD.c.external_id,
        ).where(RECORD.c.customer_id.in_(customers))
    ).all()
    if not rows:
        return
    found: dict[int, set[str]] = {}
    for customer, *texts in rows:
        found.setdefault(customer, set()).update(tokens(*texts))
    session.execute(delete(CustomerToken).where(CustomerToken.customer_id.in_(customers)))
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE TEMPORARY TABLE found_token (token text, customer_id bigint) ON COMMIT DROP"))
        with cursor.copy(sql.SQL("COPY found_token FROM STDIN")) as copy:
            for customer, words in found.items():
                for word in words:
                    copy.write_row((word, customer))
        cursor.execute(
            sql.SQL(
                "INSERT INTO kith.customer_token (token, customer_id) SELECT token, customer_id FROM found_token "
                "ORDER BY token, customer_id ON CONFLICT DO NOTHING"
            )
        )
        cursor.execute(sql.SQL("DROP TABLE found_token"))
