"""Row level security for migrations: `protect` gives a table its policies and grants, `problems` lints a migration's text."""

from __future__ import annotations

import re
from typing import Any, Protocol

from kith_tenants.schema import APP, AUTH, BACKUP, CORE, DISPATCH, Access

TENANT = f"tenant_id = (SELECT {CORE}.tenant_id())"
NO_TENANT = f"(SELECT {CORE}.tenant_id()) IS NULL"


class Operations(Protocol):
    """The one verb of Alembic's `op` used here."""

    def execute(self, sqltext: Any, /) -> Any: ...


def tenant_function() -> str:
    """SQL of kith.tenant_id(): the tenant of this transaction, null when none is set (a setting that ended reads '')."""
    return (
        f"CREATE OR REPLACE FUNCTION {CORE}.tenant_id() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE "
        "SET search_path = pg_catalog AS $$ SELECT nullif(current_setting('kith.tenant_id', true), '')::integer $$"
    )


def append_only_function() -> str:
    """SQL of the trigger that keeps a table append-only."""
    return (
        f"CREATE OR REPLACE FUNCTION {CORE}.append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog "
        "AS $$ BEGIN RAISE EXCEPTION '% only grows: its rows are never changed or removed', TG_TABLE_NAME; END $$"
    )


def statements(table: str, access: Access, *, schema: str = CORE) -> list[str]:
    """The SQL that protects one table: enable and force, one policy for the tenant, grants, and the doors' own policies."""
    name = f'{schema}."{table}"'
    rows = access.row or TENANT
    lines = [
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"REVOKE ALL ON {name} FROM PUBLIC",
        f"GRANT SELECT ON {name} TO {BACKUP.name}",
    ]
    if access.app:
        lines += _app(name, access, rows)
    if access.auth:
        lines.append(f"CREATE POLICY auth ON {name} TO {AUTH.name} USING ({NO_TENANT}) WITH CHECK ({NO_TENANT})")
        lines.append(f"GRANT {access.auth} ON {name} TO {AUTH.name}")
    if access.dispatch_read:
        lines.append(f"CREATE POLICY dispatch ON {name} TO {DISPATCH.name} USING (true) WITH CHECK (true)")
        lines.append(f"GRANT SELECT ({', '.join(access.dispatch_read)}) ON {name} TO {DISPATCH.name}")
    if access.dispatch_write:
        lines.append(f"GRANT UPDATE ({', '.join(access.dispatch_write)}) ON {name} TO {DISPATCH.name}")
    if access.append_only:
        # Per statement: under FORCE the owner's UPDATE would find no row and so fire no row trigger.
        lines.append(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {CORE}.append_only()"
        )
    return lines


def _app(name: str, access: Access, rows: str) -> list[str]:
    policy = f"CREATE POLICY tenant ON {name} USING ({rows}) WITH CHECK ({rows})"
    if not access.app_columns:
        return [policy, f"GRANT {access.app} ON {name} TO {APP.name}"]
    other = ", ".join(verb for verb in access.app.split(", ") if verb != "SELECT")
    grants = [f"GRANT SELECT ({', '.join(access.app_columns)}) ON {name} TO {APP.name}"]
    return [policy, *grants, *([f"GRANT {other} ON {name} TO {APP.name}"] if other else [])]


def protect(op: Operations, table: str, access: Access | None = None, *, schema: str = CORE) -> None:
    """Protect `table` in a migration. Every migration that creates a tenant table calls this in the same revision."""
    for statement in statements(table, access or Access(), schema=schema):
        op.execute(statement)


_ROW_CHANGES = re.compile(r"\b(UPDATE\s+\S+\s+SET|DELETE\s+FROM|INSERT\s+INTO\s+\S+[^;]*?\bSELECT)\b", re.IGNORECASE | re.DOTALL)
_CREATED = re.compile(r"op\.create_table\(\s*['\"](\w+)['\"](.*?)^    \)", re.DOTALL | re.MULTILINE)


def problems(source: str) -> list[str]:
    """What is wrong with a migration's text, in words; empty when nothing is.

    Under FORCE an owner's UPDATE touches no row and reports success, so rows are changed by a job for each tenant instead.
    """
    found = [f"changes rows ({match.group(0)[:40]}…): do it in a job per tenant" for match in _ROW_CHANGES.finditer(source)]
    for table, body in _CREATED.findall(source):
        if "tenant_id" in body and not re.search(rf"protect\(\s*op,\s*['\"]{table}['\"]", source):
            found.append(f"creates {table} without protect(op, {table!r}) in the same revision")
        if "tenant_id" in body and not re.search(r"PrimaryKeyConstraint\(\s*['\"]tenant_id['\"]", body):
            found.append(f"{table}: the primary key must start with tenant_id")
    return found


def plugin_schema(schema: str) -> list[str]:
    """SQL that makes a plugin's schema, which kith_app and kith_backup may look into."""
    if not re.fullmatch(r"plugin_[a-z][a-z0-9_]*", schema):
        raise ValueError(f"{schema!r} is not a plugin's schema")
    return [
        f"CREATE SCHEMA IF NOT EXISTS {schema}",
        f"GRANT USAGE ON SCHEMA {schema} TO {APP.name}, {BACKUP.name}",
    ]
