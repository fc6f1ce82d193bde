"""Taking an import back: what it brought goes, what it changed is as it was, in one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Select, Table, and_, cast, delete, exists, func, insert, literal, or_, select, text, union
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session
from sqlalchemy.schema import DropTable

from kith_platform.attributes import filling
from kith_platform.customers import erasure
from kith_platform.customers.models import Customer, CustomerIdentity
from kith_platform.errors import Conflict
from kith_platform.facts.models import FactRemoved, FactVersion
from kith_platform.facts.table import row_class
from kith_platform.i18n import N_
from kith_platform.imports import people, sums
from kith_platform.imports.models import CANCELLED, DONE, FAILED, RUNNING, UNDOING, UNDONE, Import
from kith_platform.imports.plan import CUSTOMER, ORDER_LINE, PRODUCT
from kith_platform.imports.upsert import materialise
from kith_platform.sdk.facts import Fact, Kind
from kith_tenants.context import tenant_id_of, tenant_of

if TYPE_CHECKING:
    from kith_platform.facts.catalogue import FactCatalogue

VERSION: Table = FactVersion.__table__  # type: ignore[assignment]
OWNER: Table = Customer.__table__  # type: ignore[assignment]
_OWN = {"tenant_id", "id", "public_id", "customer_id", "changed_at"}  # what restoring leaves alone
_QUIET: dict[str, Any] = {"synchronize_session": False, "preserve_rowcount": True}


class NotUndoable(Conflict):
    """The import cannot be taken back as it is now."""

    code = "import_not_undoable"


@dataclass(frozen=True)
class UndoPreview:
    """Rows by fact: `removed`, `restored`, `kept` (customers and products that something else names by now), `changed_later`
    (by another import) and `in_use` (something else refers to them). The last two stand in the way."""

    removed: dict[str, int] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    changed_later: dict[str, int] = field(default_factory=dict)
    in_use: dict[str, int] = field(default_factory=dict)

    @property
    def possible(self) -> bool:
        return not self.changed_later and not self.in_use


def preview(session: Session, facts: FactCatalogue, row: Import) -> UndoPreview:
    """What taking an import back would do. Raises NotUndoable where there is nothing to take back."""
    _check(row)
    found = UndoPreview()
    for part in _parts(facts, row.id):
        _note(found.removed, part, _count(session, part.leaving))
        _note(found.restored, part, _count(session, part.former))
        _note(found.changed_later, part, _count(session, part.taken_over))
        used = _count(session, part.used) if part.uses else 0
        _note(found.kept if part.may_stay else found.in_use, part, used)
    return found


def begin(session: Session) -> None:
    """An import that begins waits until what is being taken back is gone."""
    session.execute(select(func.pg_advisory_xact_lock_shared(_gate(session))))


def _alone(session: Session, row: Import) -> None:
    """No import begins before this transaction ends, and none is at work: it may be naming what goes."""
    session.execute(select(func.pg_advisory_xact_lock(_gate(session))))
    other = select(Import.id).where(Import.state == RUNNING, Import.id != row.id, ~Import.dry_run)
    if session.execute(select(other.exists())).scalar_one():
        raise NotUndoable(N_("Another import is at work. Wait until it is over, or cancel it, then undo this one."))


def _gate(session: Session) -> Any:
    return func.hashtextextended(f"imports of {tenant_id_of(session)}", 0)


def undo(session: Session, facts: FactCatalogue, row: Import) -> UndoPreview:
    """Take an import back in the caller's transaction. What was done. Raises NotUndoable with the reason."""
    _alone(session, row)
    found = preview(session, facts, row)
    refuse(found)
    parts = list(_parts(facts, row.id))
    orders = _orders_of(session, parts)
    # Facts that refer to others come first, so that what only they named is free to go.
    for part in sorted(parts, key=lambda part: part.may_stay):
        _remove(session, part)
        _restore(session, part)
    session.execute(delete(VERSION).where(VERSION.c.import_id == row.id))
    sums.total(session, orders)
    session.execute(DropTable(orders))
    row.state, row.undone_at = UNDONE, func.now()
    session.flush()
    return found


def refuse(found: UndoPreview) -> None:
    """Raises NotUndoable where later imports stand in the way."""
    if found.changed_later:
        raise NotUndoable(
            N_("A later import changed %(count)s of the same rows (%(what)s). Undo that import first."),
            count=sum(found.changed_later.values()),
            what=", ".join(found.changed_later),
        )
    if found.in_use:
        raise NotUndoable(
            N_("Something else refers to %(count)s of its rows (%(what)s). Undo the import that brought it first."),
            count=sum(found.in_use.values()),
            what=", ".join(found.in_use),
        )


def _check(row: Import) -> None:
    if row.undone_at is not None:
        raise NotUndoable(N_("This import was undone already."))
    if row.dry_run:
        raise NotUndoable(N_("This was a dry run: it changed nothing, so there is nothing to undo."))
    if row.state not in (DONE, CANCELLED, FAILED, UNDOING):
        raise NotUndoable(N_("This import is still at work. Wait until it is over, or cancel it, then undo it."))


@dataclass(frozen=True)
class _Part:
    """One fact's share in an import, as statements over ids of its rows."""

    fact: Fact
    table: Table
    import_id: int
    uses: tuple[Select[Any], ...]  # ids that rows of other imports, or entered by hand, refer to

    @property
    def may_stay(self) -> bool:
        return self.fact.name in (CUSTOMER, PRODUCT)

    @property
    def versions(self) -> Any:
        """How its rows were when the import first changed them."""
        first = select(VERSION.c.row_id, VERSION.c["values"]).where(
            VERSION.c.import_id == self.import_id, VERSION.c.fact == self.fact.name
        )
        return first.ext(distinct_on(VERSION.c.row_id)).order_by(VERSION.c.row_id, VERSION.c.id).subquery()

    @property
    def former(self) -> Select[Any]:
        """Rows that were there before, with their values."""
        versions = self.versions
        return select(versions.c.row_id.label("id"), versions.c["values"]).where(
            _import_of(versions).is_distinct_from(self.import_id)
        )

    @property
    def born(self) -> Select[Any]:
        former = self.former.subquery()
        known = exists().where(former.c.id == self.table.c.id)
        return select(self.table.c.id).where(self.table.c.import_id == self.import_id, ~known)

    @property
    def used(self) -> Select[Any]:
        return self.born.where(self.table.c.id.in_(union(*self.uses)))

    @property
    def leaving(self) -> Select[Any]:
        if not (self.uses and self.may_stay):
            return self.born
        return self.born.where(self.table.c.id.not_in(union(*self.uses)))

    @property
    def taken_over(self) -> Select[Any]:
        """Versions that other imports made of rows as this one left them."""
        other = and_(VERSION.c.fact == self.fact.name, VERSION.c.import_id != self.import_id)
        return select(VERSION.c.row_id).where(other, _import_of(VERSION) == self.import_id).distinct()


def _import_of(versions: Any) -> Any:
    return cast(versions.c["values"]["import_id"].astext, BigInteger)


def _parts(facts: FactCatalogue, import_id: int) -> Iterator[_Part]:
    known = list(facts)
    for fact in known:
        yield _Part(fact, row_class(fact).__table__, import_id, tuple(_uses(fact, known, import_id)))


def _uses(fact: Fact, known: list[Fact], import_id: int) -> Iterator[Select[Any]]:
    for other in known:
        table = row_class(other).__table__
        columns = [column.stored_as for column in other.columns if column.kind is Kind.REFERENCE and column.to == fact.name]
        columns += ["record_id"] if fact.name == CUSTOMER and other.of_customer else []
        for column in columns:
            foreign = and_(table.c[column].is_not(None), table.c.import_id.is_distinct_from(import_id))
            yield select(table.c[column]).where(foreign)


def _count(session: Session, statement: Select[Any]) -> int:
    return session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()


def _note(counts: dict[str, int], part: _Part, count: int) -> None:
    if count:
        counts[part.fact.name] = count


def _orders_of(session: Session, parts: list[_Part]) -> Table:
    """Orders whose lines go or change, and which of their sums are their lines'."""
    part = next(part for part in parts if part.fact.name == ORDER_LINE)
    former = part.former.subquery()
    lines = select(part.table.c.order_id).where(or_(part.table.c.id.in_(part.born), part.table.c.id.in_(select(former.c.id))))
    return materialise(session, sums.added_up(lines), "summed")


def _remove(session: Session, part: _Part) -> None:
    gone = materialise(session, part.leaving, f"gone_{part.fact.name}")
    ids = select(gone.c.id)
    session.execute(insert(FactRemoved).from_select(["fact", "row_id"], select(literal(part.fact.name), gone.c.id)))
    if part.fact.name == CUSTOMER:
        _remove_people(session, part.table, ids)
    session.execute(delete(part.table).where(part.table.c.id.in_(ids)), execution_options=_QUIET)
    session.execute(DropTable(gone))


def _remove_people(session: Session, records: Table, ids: Select[Any]) -> None:
    """Identities of records that go, and customers of whom no record is left; but not those that others point to."""
    session.execute(delete(CustomerIdentity).where(CustomerIdentity.record_id.in_(ids)), execution_options=_QUIET)
    other = OWNER.alias()
    pointed = exists().where(or_(other.c.merged_into == OWNER.c.id, other.c.contact_of == OWNER.c.id))
    left = exists().where(records.c.customer_id == OWNER.c.id, records.c.id.not_in(ids))
    theirs = OWNER.c.id.in_(select(records.c.customer_id).where(records.c.id.in_(ids)))
    gone = materialise(session, select(OWNER.c.id).where(theirs, ~left, ~pointed), "gone_customer")
    lonely = select(gone.c.id)
    session.execute(insert(FactRemoved).from_select(["fact", "row_id"], select(literal("customer"), gone.c.id)))
    erasure.forget_customers(session, lonely)
    session.execute(delete(OWNER).where(OWNER.c.id.in_(lonely)), execution_options=_QUIET)
    session.execute(DropTable(gone))


def _restore(session: Session, part: _Part) -> None:
    """The values a row had. Whose a customer record is may have changed since by a merge: that stays."""
    former = materialise(session, part.former, f"former_{part.fact.name}")
    names = [one.name for one in part.table.columns if one.name not in _OWN]
    # Composed as text: SQLAlchemy has no words for a record's type. Names are those of our own tables.
    table = f'"{part.table.schema}"."{part.table.name}"'
    setting = ", ".join(f'"{name}" = was."{name}"' for name in names)
    session.execute(
        text(
            f"UPDATE {table} AS now_ SET {setting}, changed_at = now() FROM {former.name} AS f,"  # noqa: S608
            f' LATERAL jsonb_populate_record(NULL::{table}, f."values") AS was WHERE now_.id = f.id'
        )
    )
    if part.fact.name == CUSTOMER:
        filling.again(session, select(former.c.id), zone=tenant_of(session).timezone)  # defined anew since, perhaps
        people.again(session, part.table.c.id.in_(select(former.c.id)))
    session.execute(DropTable(former))
