"""The declarative base, and what every tenant table has in common."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    MetaData,
    Numeric,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CORE = "kith"  # the schema of core's tables; a plugin's lie in plugin_<name>

# Text sorts by bytes: under row level security PostgreSQL uses an index only for leakproof comparisons,
# and byte order is the same on every machine.
Name = Text(collation="C")


@dataclass(frozen=True)
class Access:
    """What each role may do with a table. Row level security decides which rows; this decides which verbs and columns.

    `app` verbs of kith_app (`app_columns` narrows its SELECT), `auth` verbs of kith_auth on rows of every tenant while none is
    set, `dispatch_read` and `dispatch_write` the columns kith_dispatch may read and update in rows of every tenant.
    `row` is the policy of a table that has no tenant_id, written over its own columns. `append_only` lets nobody, the owner
    included, change or remove a row.
    """

    app: str = "SELECT, INSERT, UPDATE, DELETE"
    app_columns: tuple[str, ...] = ()
    auth: str = ""
    dispatch_read: tuple[str, ...] = ()
    dispatch_write: tuple[str, ...] = ()
    row: str = ""
    append_only: bool = False


class Base(DeclarativeBase):
    """All tables of Kith. Times are aware and stored in UTC; money is exact, numeric(19,4)."""

    metadata = MetaData(
        schema=CORE,
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        },
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        str: Name,
        int: BigInteger,
        Decimal: Numeric(19, 4),
        dt.datetime: DateTime(timezone=True),
        dt.date: Date,
        uuid.UUID: Uuid,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class TenantRow(Base):
    """A row of one tenant: its key leads every primary, unique and foreign key. The database fills it in."""

    __abstract__ = True
    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, server_default=text(f"{CORE}.tenant_id()"), sort_order=-20)


class Numbered:
    """Adds the bigint that rows refer to one another by. It never leaves the system."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, sort_order=-19)


class Addressed(Numbered):
    """Adds the public id by which URLs and the API name a row."""

    public_id: Mapped[uuid.UUID] = mapped_column(Uuid, server_default=text("uuidv7()"), sort_order=-18)


def owned_by(table: str, column: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key inside the tenant: (tenant_id, column) → table. The check bypasses row level security: id alone leaks."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{CORE}.{table}.tenant_id", f"{CORE}.{table}.id"], ondelete=ondelete)


@dataclass(frozen=True)
class Role:
    """One of the five database roles (DESIGN §4)."""

    name: str
    login: bool = True
    bypass: bool = False
    about: str = field(default="", compare=False)


OWNER = Role("kith_owner", login=False, about="owns every table and migrates")
APP = Role("kith_app", about="business tables of one tenant at a time")
AUTH = Role("kith_auth", about="who signs in, and the tenant registry")
DISPATCH = Role("kith_dispatch", about="routing columns of jobs and schedules")
BACKUP = Role("kith_backup", bypass=True, about="reads everything, for kith backup alone")
ROLES = (OWNER, APP, AUTH, DISPATCH, BACKUP)
