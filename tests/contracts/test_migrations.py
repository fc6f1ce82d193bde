"""Migrations say the same as the models, change structure only, and protect what they create."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from kith_platform import migrate
from kith_platform.plugins import installed_streams
from kith_platform.runtime import Runtime
from kith_tenants import rls
from kith_tenants.schema import Base

STREAMS = [migrate.CORE_STREAM, *installed_streams()]
VERSIONS = sorted(path for stream in STREAMS for path in stream.versions.glob("*.py"))


@pytest.fixture
def owner(runtime: Runtime) -> Iterator[Connection]:
    assert runtime.urls.owner is not None
    migrate.load_models()
    with migrate.owner_connection(runtime.urls.owner) as connection:
        yield connection


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_each_stream_has_one_head_and_the_database_stands_at_it(stream: migrate.Stream, owner: Connection) -> None:
    assert len(ScriptDirectory.from_config(stream.config()).get_heads()) == 1
    assert stream.current(owner) == stream.head()


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_database_made_by_migrations_equals_the_models(stream: migrate.Stream, owner: Connection) -> None:
    context = MigrationContext.configure(
        owner,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: name == stream.schema if kind == "schema" else True,
            "include_object": lambda thing, _name, kind, _reflected, _other: (
                kind != "table" or (thing.schema == stream.schema and thing.name != "alembic_version")
            ),
            "version_table_schema": stream.schema,
        },
    )
    assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_changes_structure_only_and_protects_its_tables(path: Path) -> None:
    assert rls.problems(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('op.execute("UPDATE kith.customer SET name = 1")', "changes rows"),
        ('op.execute("DELETE FROM kith.customer")', "changes rows"),
        ('op.execute("INSERT INTO kith.a (x) SELECT x FROM kith.b")', "changes rows"),
        (
            "op.create_table('a',\n    sa.Column('tenant_id', sa.Integer()),\n"
            "    sa.PrimaryKeyConstraint('tenant_id', 'id'),\n    )\n",
            "without protect",
        ),
        (
            "op.create_table('a',\n    sa.Column('tenant_id', sa.Integer()),\n    sa.PrimaryKeyConstraint('id'),\n    )\n"
            "protect(op, 'a')",
            "must start with tenant_id",
        ),
    ],
)
def test_the_lint_sees_what_must_not_be_in_a_migration(text: str, complaint: str) -> None:
    assert any(complaint in problem for problem in rls.problems(text))
