"""Use cases of customers: find one, the records behind it, consents, add, change, give to an owner."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased

from kith_platform.audit.service import record
from kith_platform.auth.models import ACTIVE, Identity, Membership
from kith_platform.customers.models import Customer, CustomerIdentity, CustomerToken
from kith_platform.customers.search import tokens
from kith_platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from kith_platform.facts.models import Consent, CustomerRecord
from kith_platform.i18n import N_
from kith_tenants.context import Actor, Reach, visible

SOURCE = "kith"  # the source of what people write here
FIELDS = ("name", "kind", "email", "phone", "city", "country")
LONGEST = 200
KINDS = ("person", "company")
REFUSED = "refused"
MERGES = 20  # hops from a merged customer to the survivor; more would be a circle


def get(session: Session, actor: Actor, public_id: uuid.UUID) -> Customer:
    """A customer the actor may see; for one that was merged, the survivor (compare public ids). Raises NotFound."""
    found = session.execute(select(Customer).where(Customer.public_id == public_id)).scalar_one_or_none()
    for _hop in range(MERGES):
        if found is None or found.merged_into is None:
            break
        found = session.get(Customer, (found.tenant_id, found.merged_into))
    if found is None or not _may_see(session, actor, found):
        raise NotFound(N_("There is no customer here that you can see. The link may be old, or it belongs to another company."))
    return found


def _may_see(session: Session, actor: Actor, row: Customer) -> bool:
    if actor.reach is Reach.ALL:
        return True
    table: Any = Customer.__table__
    mine = visible(select(table.c.id), actor, owner=table.c.owner_id, unit=table.c.unit_id).where(table.c.id == row.id)
    return session.execute(mine).first() is not None


def records(session: Session, customer_id: int) -> Sequence[Any]:
    """What each source says of the customer, oldest first."""
    return (
        session.execute(select(CustomerRecord).where(CustomerRecord.customer_id == customer_id).order_by(CustomerRecord.id))
        .scalars()
        .all()
    )


def consents(session: Session, record_ids: Sequence[int]) -> Sequence[Any]:
    """What holds on each channel and purpose, newest first. A record's last word counts; a refusal in any of the records, or in
    another customer's record with the same address for that channel, wins over what others granted.
    """
    address = aliased(CustomerIdentity)
    mine = select(CustomerIdentity.kind, CustomerIdentity.value).where(CustomerIdentity.record_id.in_(record_ids))
    shared = select(address.record_id).where(tuple_(address.kind, address.value).in_(mine), address.record_id.not_in(record_ids))
    others = set(session.execute(shared).scalars())
    both = Consent.record_id.in_([*record_ids, *others])
    newest = select(Consent).where(both).order_by(Consent.occurred_at.desc(), Consent.id.desc())
    words: dict[tuple[int, str, str], Any] = {}
    for row in session.execute(newest).scalars():
        words.setdefault((row.record_id, row.channel, row.purpose or ""), row)
    last: dict[tuple[str, str], Any] = {}
    for row in words.values():
        key = (row.channel, row.purpose or "")
        elsewhere = row.record_id in others
        if elsewhere and row.status != REFUSED:
            continue
        if key not in last or (row.status == REFUSED and last[key].status != REFUSED):
            last[key] = row
    return sorted(last.values(), key=lambda row: (row.occurred_at, row.id), reverse=True)


def owners(session: Session, member_ids: Iterable[int | None] = ()) -> dict[int, tuple[uuid.UUID, str]]:
    """Members by id, as (public id, name): those named, or all active ones, by name."""
    statement = select(Membership.id, Membership.public_id, Identity.name, Identity.email).join(
        Identity, Identity.id == Membership.identity_id
    )
    wanted = {member for member in member_ids if member is not None}
    statement = statement.where(Membership.id.in_(wanted)) if wanted else statement.where(Membership.status == ACTIVE)
    rows = [(member, public_id, name or email.partition("@")[0]) for member, public_id, name, email in session.execute(statement)]
    return {member: (public_id, name) for member, public_id, name in sorted(rows, key=lambda row: row[2].casefold())}


def create(session: Session, actor: Actor, given: Mapping[str, str]) -> Customer:
    """Add a customer with a record of source `kith`. Who sees only own customers, or those of the units, becomes the owner.

    Raises Forbidden, or Invalid with an error per field.
    """
    _may_write(actor)
    values = checked(given)
    row = CustomerRecord(source=SOURCE, external_id=uuid.uuid4().hex, **values)
    session.add(row)
    session.flush()
    owner = actor.member_id if actor.reach is not Reach.ALL else None
    customer = Customer(first_record_id=row.id, owner_id=owner, **_shown(values))
    session.add(customer)
    session.flush()
    row.customer_id = customer.id
    _find_by(session, customer, row)
    session.flush()
    session.refresh(customer)
    record(session, actor, "customer:created", f"customer:{customer.public_id}", {"fields": sorted(values)})
    return customer


def change(session: Session, actor: Actor, customer: Customer, given: Mapping[str, str]) -> Customer:
    """Write what people say of the customer into its record of source `kith`, which from now on is what is shown.

    Raises Forbidden, or Invalid with an error per field.
    """
    _may_write(actor)
    values = checked(given)
    row = session.execute(
        select(CustomerRecord).where(CustomerRecord.customer_id == customer.id, CustomerRecord.source == SOURCE).limit(1)
    ).scalar_one_or_none()
    if row is None:
        row = CustomerRecord(source=SOURCE, external_id=uuid.uuid4().hex, customer_id=customer.id)
        session.add(row)
    changed = sorted(name for name, value in values.items() if (getattr(customer, name) or "") != (value or ""))
    for name, value in values.items():
        setattr(row, name, value)
    row.changed_at = row.verified_at = func.now()
    for name, value in _shown(values).items():
        setattr(customer, name, value)
    customer.changed_at = func.now()
    session.flush()
    _find_by(session, customer, row)
    session.flush()
    session.refresh(customer)
    record(session, actor, "customer:changed", f"customer:{customer.public_id}", {"fields": changed})
    return customer


def set_owner(session: Session, actor: Actor, customer: Customer, member: uuid.UUID | None) -> Customer:
    """Give a customer to a member, or to nobody. Raises Forbidden, NotFound for somebody who is no active member.

    Members who see only own customers may not give theirs to nobody: they would lose sight of them unawares (Conflict).
    """
    _may_write(actor)
    owner_id = None
    if member is not None:
        statement = select(Membership.id).where(Membership.public_id == member, Membership.status == ACTIVE)
        owner_id = session.execute(statement).scalar_one_or_none()
        if owner_id is None:
            raise NotFound(N_("This person is not a member of the company any more. Choose another owner."))
    elif actor.reach is not Reach.ALL:
        raise Conflict(N_("You would no longer see this customer. Ask somebody who sees all customers to do this."))
    if customer.owner_id != owner_id:
        customer.owner_id, customer.changed_at = owner_id, func.now()
        session.flush()
        session.refresh(customer)
        subject = f"customer:{customer.public_id}"
        record(session, actor, "customer:owner_set", subject, {"owner": str(member) if member else None})
    return customer


def checked(given: Mapping[str, str]) -> dict[str, str | None]:
    """The fields of a form, trimmed; empty ones are None. Raises Invalid."""
    values = {name: (str(given.get(name) or "").strip() or None) for name in FIELDS}
    errors = [
        FieldError(name, N_("This is too long: %(most)s characters at most."), {"most": LONGEST})
        for name, value in values.items()
        if value and len(value) > LONGEST
    ]
    if not (values["name"] or values["email"] or values["phone"]):
        errors.append(FieldError("name", N_("Give a name, an e-mail address or a phone number.")))
    email = values["email"]
    if email and (email.count("@") != 1 or email.startswith("@") or "." not in email.partition("@")[2] or " " in email):
        errors.append(FieldError("email", N_("'%(value)s' is not an e-mail address."), {"value": email}))
    if values["phone"] and sum(char.isdigit() for char in values["phone"]) < 5:
        errors.append(
            FieldError(
                "phone", N_("'%(value)s' is not a phone number: it needs at least five digits."), {"value": values["phone"]}
            )
        )
    if values["kind"] not in (None, *KINDS):
        errors.append(FieldError("kind", N_("Choose one of the values of the list.")))
    if errors:
        raise Invalid(fields=errors)
    return values


def _shown(values: Mapping[str, str | None]) -> dict[str, str]:
    """What the customer shows for a record's values: never null, and a name made up of what there is."""
    shown = {name: value or "" for name, value in values.items()}
    return {**shown, "name": shown["name"] or shown["email"] or shown["phone"], "kind": shown["kind"] or "person"}


def _find_by(session: Session, customer: Customer, row: Any) -> None:
    """Identities of the record, and search tokens from all records of its customer."""
    session.execute(delete(CustomerIdentity).where(CustomerIdentity.record_id == row.id))
    digits = "".join(char for char in row.phone or "" if char.isdigit())
    known = {"email": (row.email or "").strip().lower(), "phone": digits}
    identities = [{"record_id": row.id, "kind": kind, "value": value} for kind, value in known.items() if value]
    if identities:
        session.execute(insert(CustomerIdentity), identities)
    texts: list[str | None] = []
    for one in records(session, customer.id):
        texts += [one.name, one.given_name, one.family_name, one.email, one.phone]
        texts += [one.external_id] if one.source != SOURCE else []
    session.execute(delete(CustomerToken).where(CustomerToken.customer_id == customer.id))
    found = [{"token": token, "customer_id": customer.id} for token in tokens(*texts)]
    if found:
        session.execute(upsert(CustomerToken).on_conflict_do_nothing(), found)


def _may_write(actor: Actor) -> None:
    if not actor.can("customers:write"):
        raise Forbidden
