"""What the planner knows of a tenant's rows.

Tables are shared: a company that has just come is less than the tenth of a table at which PostgreSQL looks at it again by itself,
and until then the planner takes it for a row or two and joins its rows one by one [measured: 20,000 customers beside 1,260,000,
counting those at risk took minutes instead of 0.1 s].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from kith_tenants.schema import APP, CORE, Access, Base

FEW, WRONG = 1_000, 10  # so many rows at least, and so many times more than expected, make a tenant unknown
KNOWN = 10_000  # of whom so many rows are expected, the planner has heard


def learn_function() -> list[str]:
    """SQL of kith.learn(name), by which kith_app has one table of ours analysed; false where somebody else is at it.

    A function of the owner instead of GRANT MAINTAIN, with which kith_app could also rewrite whole tables (VACUUM FULL, CLUSTER).
    """
    signature = f"{CORE}.learn(name text)"
    made = (
        f"CREATE OR REPLACE FUNCTION {signature} RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path = pg_catalog SET lock_timeout = '2s' AS $$ "
        f"BEGIN EXECUTE format('ANALYZE {CORE}.%I', name); RETURN true; "
        "EXCEPTION WHEN lock_not_available THEN RETURN false; END $$"
    )
    return [
        made,
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {signature} TO {APP.name}",
    ]


def learn(session: Session, tables: Iterable[Table] | None = None) -> list[str]:
    """Have those of the tables (all of core's, if not given) analysed in which the session's tenant has far more rows than the
    planner expects; their names. Where there is nothing to learn it costs a millisecond or two a table.

    Call it after the rows are committed.
    """
    unknown = [table.name for table in (_readable() if tables is None else tables) if _unknown(session, table)]
    return [name for name in unknown if session.execute(select(func.kith.learn(name))).scalar_one()]


def _readable() -> Iterator[Table]:
    for table in Base.metadata.sorted_tables:
        access = table.info.get("access") or Access()
        if table.schema == CORE and "tenant_id" in table.c and "SELECT" in access.app and not access.app_columns:
            yield table


def _unknown(session: Session, table: Table) -> bool:
    # With the tenant's number, as the session's own statements have it: the policy alone says nothing of this tenant.
    tenant = int(session.info["tenant_id"])
    asked = f'EXPLAIN (FORMAT JSON) SELECT FROM {CORE}."{table.name}" WHERE tenant_id = {tenant}'
    plan = session.execute(text(asked)).scalar_one()
    expected = int(plan[0]["Plan"]["Plan Rows"])
    if expected >= KNOWN:
        return False
    some = select(table.c.tenant_id).where(table.c.tenant_id == tenant).limit(FEW + WRONG * expected).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one() >= FEW + WRONG * expected
