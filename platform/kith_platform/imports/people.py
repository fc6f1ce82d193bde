"""Customers for the records a chunk has brought: made where there is none, their shown values, identities and search tokens."""

from __future__ import annotations

from typing import Any

from psycopg import sql
from sqlalchemy import Select, Table, case, cast, delete, false, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from kith_platform.customers.models import Customer, CustomerIdentity, CustomerToken
from kith_platform.customers.search import tokens
from kith_platform.duplicates import surviving
from kith_platform.facts.models import CustomerRecord
from kith_platform.imports.plan import BEGINNING

RECORD: Table = CustomerRecord.__table__
CUSTOMER: Any = Customer.__table__
SAID = ("name", "given_name", "family_name", "email", "phone", "external_id")  # what search finds a customer by
# What a customer shows of its record beside the name, and what it shows where the record does not say it.
FIRST = {**dict.fromkeys(("email", "phone", "city", "country"), literal("")), "kind": literal("person"), "is_test": false()}
_QUIET = {"synchronize_session": False}


def named(record: Any) -> Any:
    """A name, made up of what there is."""
    full = func.nullif(func.concat_ws(" ", record.given_name, record.family_name), "")
    return func.coalesce(record.name, full, record.email, record.phone, record.external_id)


def settle(session: Session, written: Table) -> int:
    """After a chunk's records are in: everything about customers that follows from those it made or changed.

    `written`: a copy of these records and whether each is `fresh`; a fresh one has the number that its customer shall have.
    Returns how many customers were made.
    """
    known = select(written.c.id).where(~written.c.fresh)
    if session.execute(select(known.exists())).scalar_one():
        again(session, RECORD.c.id.in_(known))
    made = _make(session, written)
    if made:
        _identify(session, written, written.c.fresh)
        _tokenise(session, select(written.c.customer_id, *(written.c[name] for name in SAID)).where(written.c.fresh))
    return made


def _make(session: Session, written: Table) -> int:
    """A customer for each of the records that have none; how many."""
    record = written.c
    # What has been known for ever has no date: such a customer counts from its arrival here.
    since = case((record.known_at > BEGINNING, record.known_at), else_=func.now())
    shown = {"name": named(record), **{name: func.coalesce(record[name], default) for name, default in FIRST.items()}}
    shown["attributes"] = func.coalesce(record.attributes, cast(literal("{}"), JSONB))
    rows = select(record.tenant_id, record.customer_id, record.id, since, *shown.values()).where(record.fresh)
    new = insert(CUSTOMER).from_select(["tenant_id", "id", "first_record_id", "created_at", *shown], rows)
    result: Any = session.execute(new, execution_options={"preserve_rowcount": True})
    return int(result.rowcount)


def again(session: Session, touched: Any) -> None:
    """Customers of these records (a condition on RECORD): shown, identified and found by what all their records say now."""
    theirs = select(RECORD.c.customer_id).where(touched)
    surviving.show(session, theirs)
    mine = select(RECORD.c.id).where(touched)
    session.execute(delete(CustomerIdentity).where(CustomerIdentity.record_id.in_(mine)), execution_options=_QUIET)
    _identify(session, RECORD, touched)
    session.execute(delete(CustomerToken).where(CustomerToken.customer_id.in_(theirs)))
    said = select(RECORD.c.customer_id, *(RECORD.c[name] for name in SAID))
    _tokenise(session, said.where(RECORD.c.customer_id.in_(theirs)))


def _identify(session: Session, records: Table, which: Any) -> None:
    email = func.lower(func.btrim(records.c.email))
    phone = func.regexp_replace(records.c.phone, "[^0-9]", "", "g")
    for kind, value in (("email", email), ("phone", phone)):
        rows = select(records.c.id, literal(kind), value).where(which, value.is_not(None), value != "")
        session.execute(upsert(CustomerIdentity).from_select(["record_id", "kind", "value"], rows).on_conflict_do_nothing())


def _tokenise(session: Session, said: Select[Any]) -> None:
    """Tokens of what is said of each customer (customer_id, then texts), written by one COPY into a temporary table."""
    found: dict[int, set[str]] = {}
    for customer, *texts in session.execute(said):
        found.setdefault(customer, set()).update(tokens(*texts))
    if not found:
        return
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
