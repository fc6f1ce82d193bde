"""Every table in the database, whoever added it, keeps its company's rows to itself."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from kith_platform.runtime import Runtime
from kith_tenants.schema import APP, AUTH, BACKUP, DISPATCH

# Tables that belong to no company, each with the reason why it may have no tenant_id.
OF_NO_TENANT = {
    "tenant": "the registry; kith_app sees its own company's row alone",
    "identity": "a person may be in several companies; kith_app sees members of the current one, by columns",
    "web_session": "a session belongs to a person",
    "auth_mail": "letters to a person",
    "auth_link": "a link sent to a person",
    "sign_in_failure": "counts wrong passwords of an address",
    "security_event": "what belongs to no company, such as a failed sign-in",
    "alembic_version": "which version the schema has",
}
BRIN = "changed_at"


@pytest.fixture(scope="session")
def catalogue(runtime: Runtime) -> dict[str, list[dict[str, Any]]]:
    """What PostgreSQL says of Kith's schemas."""
    assert runtime.urls.superuser is not None
    engine = create_engine(runtime.urls.superuser, poolclass=NullPool)
    ours = "n.nspname IN (SELECT nspname FROM pg_namespace WHERE nspname = 'kith' OR nspname LIKE 'plugin\\_%')"
    queries = {
        "tables": "SELECT n.nspname || '.' || c.relname AS name, c.relname AS short, c.relrowsecurity AS enabled, "
        "c.relforcerowsecurity AS forced, pg_get_userbyid(c.relowner) AS owner, EXISTS (SELECT 1 FROM pg_attribute a "
        "WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS of_tenant "
        f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND {ours}",
        "policies": "SELECT schemaname || '.' || tablename AS name, policyname, roles::text[] AS roles, qual, with_check "
        "FROM pg_policies WHERE schemaname = 'kith' OR schemaname LIKE 'plugin\\_%'",
        "keys": "SELECT n.nspname || '.' || c.relname AS name, k.conname, "
        "(SELECT a.attname FROM pg_attribute a "
        "WHERE a.attrelid = c.oid AND a.attnum = k.conkey[1]) AS first "
        "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
        f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype IN ('p', 'u', 'f') AND {ours}",
        "indexes": "SELECT n.nspname || '.' || c.relname AS name, i.relname AS index, (SELECT a.attname FROM pg_attribute a "
        "WHERE a.attrelid = c.oid AND a.attnum = x.indkey[0]) AS first FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid "
        "JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE {ours}",
        "views": "SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE c.relkind IN ('v', 'm') AND {ours}",
        "definers": "SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        f"WHERE p.prosecdef AND {ours}",
        "roles": "SELECT rolname AS name, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname LIKE 'kith\\_%'",
        "truncates": "SELECT grantee, table_name AS name FROM information_schema.role_table_grants WHERE grantee LIKE 'kith\\_%' "
        "AND grantee <> 'kith_owner' AND privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')",
    }
    with engine.connect() as connection:
        found = {key: [dict(row) for row in connection.execute(text(query)).mappings()] for key, query in queries.items()}
    engine.dispose()
    return found


def test_every_table_is_of_a_tenant_or_on_the_reviewed_list(catalogue: dict[str, list[dict[str, Any]]]) -> None:
    outside = {table["short"] for table in catalogue["tables"] if not table["of_tenant"]}
    assert outside == set(OF_NO_TENANT)


def test_every_tenant_table_has_enabled_and_forced_row_level_security(catalogue: dict[str, list[dict[str, Any]]]) -> None:
    weak = [table["name"] for table in catalogue["tables"] if table["of_tenant"] and not (table["enabled"] and table["forced"])]
    assert weak == []
    assert len([table for table in catalogue["tables"] if table["of_tenant"]]) > 30


def test_every_tenant_table_has_one_policy_for_all_that_is_evaluated_once(catalogue: dict[str, list[dict[str, Any]]]) -> None:
    for table in catalogue["tables"]:
        if not table["of_tenant"]:
            continue
        mine = [policy for policy in catalogue["policies"] if policy["name"] == table["name"]]
        general = [policy for policy in mine if policy["roles"] == ["public"]]
        assert len(general) == 1, table["name"]
        for side in ("qual", "with_check"):
            assert general[0][side].startswith("(tenant_id = ( SELECT kith.tenant_id()"), table["name"]
        others = {role for policy in mine for role in policy["roles"]} - {"public"}
        assert others <= {AUTH.name, DISPATCH.name}, table["name"]


def test_every_key_and_index_of_a_tenant_table_starts_with_the_tenant(catalogue: dict[str, list[dict[str, Any]]]) -> None:
    tenant_tables = {table["name"] for table in catalogue["tables"] if table["of_tenant"]}
    keys = [key["conname"] for key in catalogue["keys"] if key["name"] in tenant_tables and key["first"] != "tenant_id"]
    indexes = [
        index["index"]
        for index in catalogue["indexes"]
        if index["name"] in tenant_tables and index["first"] not in ("tenant_id", BRIN)
    ]
    assert keys == []
    assert indexes == []


def test_no_view_or_definer_function_goes_around_the_policies(catalogue: dict[str, list[dict[str, Any]]]) -> None:
    assert catalogue["views"] == []
    # kith.learn(name) has a table analysed: it reads nothing and changes no row.
    assert catalogue["definers"] == [{"name": "learn"}]


def test_no_role_has_more_power_than_it_needs(catalogue: dict[str, list[dict[str, Any]]]) -> None:
    roles = {role["name"]: role for role in catalogue["roles"]}
    assert {name for name, role in roles.items() if role["rolbypassrls"]} == {BACKUP.name}
    assert not any(role["rolsuper"] for role in roles.values())
    assert not roles["kith_owner"]["rolcanlogin"]
    assert {table["owner"] for table in catalogue["tables"]} == {"kith_owner"}
    assert catalogue["truncates"] == []


def test_without_a_tenant_nothing_is_seen_and_nothing_written(
    runtime: Runtime, catalogue: dict[str, list[dict[str, Any]]]
) -> None:
    engine = runtime.doors._app
    for table in catalogue["tables"]:
        if not table["of_tenant"]:
            continue
        with engine.connect() as connection:
            assert connection.execute(text(f"SELECT count(*) FROM {table['name']}")).scalar() == 0, table["name"]
        with engine.connect() as connection, pytest.raises(DBAPIError, match=r"row-level security|permission denied|null value"):
            connection.execute(text(f"INSERT INTO {table['name']} (tenant_id) VALUES (1)"))


def test_each_door_reaches_its_own_tables_only(runtime: Runtime, catalogue: dict[str, list[dict[str, Any]]]) -> None:
    auth = {
        "tenant",
        "identity",
        "web_session",
        "membership",
        "member_unit",
        "invitation",
        "api_token",
        "auth_mail",
        "security_event",
        "auth_link",
        "sign_in_failure",
    }
    dispatch = {"tenant", "job", "schedule"}
    assert runtime.urls.superuser is not None
    engine = create_engine(runtime.urls.superuser, poolclass=NullPool)
    question = text(
        "SELECT DISTINCT table_name FROM information_schema.column_privileges "
        "WHERE grantee = :role AND table_schema <> 'pg_catalog'"
    )
    with engine.connect() as connection:
        reached = {role: set(connection.execute(question, {"role": role}).scalars()) for role in (AUTH.name, DISPATCH.name)}
        app = set(connection.execute(question, {"role": APP.name}).scalars())
    engine.dispose()
    assert reached[AUTH.name] <= auth
    assert reached[DISPATCH.name] <= dispatch
    assert app.isdisjoint({"web_session", "auth_mail", "security_event"})
