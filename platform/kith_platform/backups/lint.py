"""Whether a database that was just restored keeps companies apart and counts on from where it was."""

from __future__ import annotations

import psycopg
from psycopg import sql

from kith_platform.backups.database import OURS
from kith_tenants.schema import ROLES

_UNPROTECTED = f"""
    SELECT n.nspname || '.' || c.relname FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    LEFT JOIN LATERAL (
      SELECT count(*) AS policies, bool_and(
        p.polroles <> '{{0}}' OR pg_get_expr(p.polqual, p.polrelid) LIKE '%( SELECT kith.tenant_id()%'
          AND pg_get_expr(p.polwithcheck, p.polrelid) LIKE '%( SELECT kith.tenant_id()%') AS narrow
      FROM pg_policy p WHERE p.polrelid = c.oid) held ON true
    WHERE {OURS} AND c.relkind IN ('r', 'p')
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND held.policies > 0 AND held.narrow)
    ORDER BY 1
"""  # noqa: S608 - a constant
_OWNED = f"""
    SELECT n.nspname || '.' || c.relname, pg_get_userbyid(c.relowner) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relkind IN ('r', 'p', 'S', 'v') AND pg_get_userbyid(c.relowner) <> 'kith_owner' ORDER BY 1
"""  # noqa: S608 - a constant
_COUNTERS = f"""
    SELECT n.nspname, c.relname, a.attname, pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relkind IN ('r', 'p') AND a.attidentity <> '' AND NOT a.attisdropped ORDER BY 1, 2
"""  # noqa: S608 - a constant


def problems(connection: psycopg.Connection) -> list[str]:
    """What is wrong, in words; empty when nothing is. `connection` sees every row."""
    found = [f"{table} is not under its forced policy" for (table,) in connection.execute(_UNPROTECTED)]
    found += [f"{thing} belongs to {owner}" for thing, owner in connection.execute(_OWNED)]
    for role in ROLES:
        row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", [role.name]).fetchone()
        if row is None:
            found.append(f"the role {role.name} is missing")
        elif row[0] or row[1] != role.bypass:
            found.append(f"the role {role.name} has more power than it should")
    return found + list(_behind(connection))


def _behind(connection: psycopg.Connection) -> list[str]:
    """Counters that would give out a number a second time."""
    found = []
    for schema, table, column, sequence in connection.execute(_COUNTERS).fetchall():
        asked = sql.SQL("SELECT coalesce(max({}), 0) FROM {}").format(sql.Identifier(column), sql.Identifier(schema, table))
        highest = connection.execute(asked).fetchone()
        given = connection.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(_named(sequence))).fetchone()
        if highest and given and highest[0] > (given[0] if given[1] else given[0] - 1):
            found.append(f"the counter of {schema}.{table}.{column} stands before its rows")
    return found


def _named(sequence: str) -> sql.Composable:
    """pg_get_serial_sequence answers with a name that is quoted already."""
    return sql.SQL(sequence)
