"""The five database roles: making them where one may, saying how where one may not, and refusing to run with too much power."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, text

from kith_tenants.schema import BACKUP, CORE, OWNER, ROLES, Role


class TooPowerful(RuntimeError):
    """The app was given a login that row level security does not bind."""


def creation(role: Role, password: str | None) -> sql.Composed:
    """CREATE ROLE for `role`. The password is quoted, never formatted in."""
    options: list[sql.Composable] = [
        sql.SQL("LOGIN" if role.login else "NOLOGIN"),
        sql.SQL("BYPASSRLS" if role.bypass else "NOBYPASSRLS"),
    ]
    if password and role.login:
        options.append(sql.SQL("PASSWORD {}").format(sql.Literal(password)))
    return sql.SQL("CREATE ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE {}").format(
        sql.Identifier(role.name), sql.SQL(" ").join(options)
    )


def missing(connection: Connection) -> list[Role]:
    """Roles the server does not have yet."""
    names = set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())
    return [role for role in ROLES if role.name not in names]


def create(connection: Connection, passwords: Mapping[str, str]) -> None:
    """Make the missing roles, the schema and the grants around them. `connection` may create roles and owns the database."""
    driver: Any = connection.connection.driver_connection
    for role in missing(connection):
        driver.execute(creation(role, passwords.get(role.name)))
    for statement in surroundings(str(connection.engine.url.database)):
        driver.execute(statement)


def surroundings(database: str) -> list[sql.Composed]:
    """Schema and connection grants: the owner may create, the other roles may look in; TEMP is for staging tables."""
    name, schema, owner = sql.Identifier(database), sql.Identifier(CORE), sql.Identifier(OWNER.name)
    backup = sql.Identifier(BACKUP.name)
    logins = sql.SQL(", ").join(sql.Identifier(role.name) for role in ROLES if role.login)
    return [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, logins),
        sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(name, owner),
        sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC").format(),
        sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(schema, owner),
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, logins),
        # A backup reads counters, too, and a large one takes longer than the limit that the other roles are under.
        sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT SELECT ON SEQUENCES TO {}").format(owner, backup),
        sql.SQL("ALTER ROLE {} SET transaction_timeout = 0").format(backup),
    ]


def script(database: str) -> str:
    """The SQL an administrator runs where Kith may not make roles itself. Passwords are for the administrator to set."""
    lines = [creation(role, None).as_string() for role in ROLES]
    return "".join(f"{line};\n" for line in [*lines, *(statement.as_string() for statement in surroundings(database))])


def refuse_power(connection: Connection) -> None:
    """Raise TooPowerful when this login is a superuser, has BYPASSRLS, or owns tables: policies would not hold it."""
    row = connection.execute(
        text(
            "SELECT r.rolname, r.rolsuper, r.rolbypassrls, "
            "EXISTS (SELECT 1 FROM pg_class c "
            "WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p') AS owns, "
            "pg_has_role(r.oid, 'kith_owner', 'MEMBER') AS owner FROM pg_roles r WHERE r.rolname = current_user"
        )
    ).one()
    for held, what in (
        (row.rolsuper, "is a superuser"),
        (row.rolbypassrls, "has BYPASSRLS"),
        (row.owns, "owns tables"),
        (row.owner, "is a member of kith_owner"),
    ):
        if held:
            raise TooPowerful(
                f"The database role {row.rolname} {what}, so row level security would not hold it. "
                "Set KITH_DATABASE_URL to a login of the role kith_app."
            )
