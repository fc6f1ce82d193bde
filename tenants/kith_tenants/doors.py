"""The three doors to the database and the Arrow twin. There is no fourth.

tenant_scope → kith_app, one tenant, all business tables.  auth_scope → kith_auth, identities and the registry.
dispatch_scope → kith_dispatch, routing columns of jobs.  tenant_arrow → tenant_scope's read-only twin that speaks Arrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, with_loader_criteria

from kith_tenants.roles import refuse_power
from kith_tenants.schema import TenantRow

if TYPE_CHECKING:
    import pyarrow as pa


class TenantMixed(RuntimeError):
    """A scope of one tenant was opened inside a scope of another."""


@dataclass(frozen=True)
class DatabaseUrls:
    """SQLAlchemy URLs of the three roles that serve requests and jobs."""

    app: str
    auth: str
    dispatch: str


_inside: ContextVar[int | None] = ContextVar("kith_tenant", default=None)


class TenantSession(Session):
    """A session bound to one tenant: each of its transactions sets the tenant first, each ORM statement filters by it."""


@event.listens_for(TenantSession, "after_begin")
def _enter_tenant(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    settings = {
        "transaction_read_only": "on" if session.info["read_only"] else "",
        "kith.tenant_id": str(session.info["tenant_id"]),
        "statement_timeout": session.info["patience"],
    }
    connection.execute(select(*(func.set_config(name, value, True) for name, value in settings.items() if value)))


@event.listens_for(TenantSession, "do_orm_execute")
def _filter_by_tenant(state: ORMExecuteState) -> None:
    # The second wall: row level security would do alone, but a sharded database routes by this constant.
    if state.is_column_load or state.is_relationship_load:
        return
    tenant = state.session.info["tenant_id"]
    state.statement = state.statement.options(
        with_loader_criteria(TenantRow, lambda row: row.tenant_id == tenant, include_aliases=True)
    )


@event.listens_for(TenantSession, "before_flush")
def _stamp_tenant(session: Session, _context: Any, _instances: Any) -> None:
    for row in session.new:
        if isinstance(row, TenantRow) and row.tenant_id is None:
            row.tenant_id = session.info["tenant_id"]


class Doors:
    """Engines of the three roles. Open one per process; call `dispose(close=False)` in a forked child."""

    def __init__(self, urls: DatabaseUrls, *, pool_size: int = 5) -> None:
        self.urls = urls
        self._app = _engine(urls.app, pool_size)
        self._auth = _engine(urls.auth, max(2, pool_size // 2))
        self._dispatch = _engine(urls.dispatch, 2)

    def refuse_power(self) -> None:
        """Raise TooPowerful unless each door's login is bound by row level security."""
        for engine in (self._app, self._auth, self._dispatch):
            with engine.connect() as connection:
                refuse_power(connection)

    def dispose(self, *, close: bool = True) -> None:
        for engine in (self._app, self._auth, self._dispatch):
            engine.dispose(close=close)

    @contextmanager
    def tenant_scope(self, tenant_id: int, *, read_only: bool = False, patience: str = "") -> Iterator[Session]:
        """One transaction as kith_app for one tenant; commits at the end, rolls back on any error.

        `patience`: how long one statement may take, as PostgreSQL writes it (30s); without one, as long as the transaction.
        Raises TenantMixed inside another tenant's scope.
        """
        outer = _inside.get()
        if outer is not None and outer != tenant_id:
            raise TenantMixed(f"tenant_scope({tenant_id}) inside tenant_scope({outer})")
        token = _inside.set(tenant_id)
        try:
            info = {"tenant_id": tenant_id, "read_only": read_only, "patience": patience}
            with TenantSession(self._app, info=info, expire_on_commit=False) as session, session.begin():
                yield session
        finally:
            _inside.reset(token)

    @contextmanager
    def auth_scope(self) -> Iterator[Session]:
        """One transaction as kith_auth: identities, credentials, sessions, memberships, invitations, tokens, the registry."""
        with Session(self._auth, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def dispatch_scope(self) -> Iterator[Session]:
        """One transaction as kith_dispatch: the routing columns of jobs and schedules of every tenant."""
        with Session(self._dispatch, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def tenant_arrow(self, tenant_id: int) -> Iterator[ArrowDoor]:
        """A read-only REPEATABLE READ transaction as kith_app that gives results as Arrow; all reads see one moment."""
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(_libpq(self.urls.app)) as connection:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SET LOCAL timezone = 'UTC'")
                cursor.execute("SELECT set_config('kith.tenant_id', $1, true)", (str(tenant_id),))
                cursor.fetchall()
            door = ArrowDoor(connection, tenant_id)
            try:
                door.assert_tenant()
                yield door
            finally:
                door.close()


class ArrowDoor:
    """Reads of one tenant as Arrow. Statements are SQLAlchemy selects, compiled here; nobody hands in SQL text."""

    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self.tenant_id = tenant_id

    def assert_tenant(self) -> None:
        self._cursor.execute("SELECT kith.tenant_id()")
        row = self._cursor.fetchone()
        if row != (self.tenant_id,):
            raise TenantMixed(f"the Arrow door was opened for tenant {self.tenant_id} but the database says {row}")

    def read(self, statement: Any) -> pa.RecordBatchReader:
        """Stream a select's rows as Arrow record batches; the next read ends this one.

        Numeric columns must be cast in the select: ADBC gives them as text.
        """
        from sqlalchemy.dialects import postgresql

        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        self._cursor.close()  # one read at a time: the connection streams
        self._cursor = self._connection.cursor()
        self._cursor.execute(str(compiled))
        return self._cursor.fetch_record_batch()

    def close(self) -> None:
        self._cursor.close()
        self._connection.rollback()


def _engine(url: str, pool_size: int) -> Engine:
    # transaction_timeout bounds how late a row's changed_at can become visible, which the snapshot's overlap relies on.
    options = "-c timezone=UTC -c transaction_timeout=15min -c idle_in_transaction_session_timeout=10min"
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"options": options, "application_name": "kith"},
    )


def _libpq(url: str) -> str:
    """A SQLAlchemy URL as libpq knows it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
