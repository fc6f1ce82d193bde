"""Each door to the database has its callers, and nobody makes an engine of his own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Who may open a door that sees more than one company, each with the reason.
CALLERS = {
    "auth_scope": {
        "platform/kith_platform/auth": "identities, sessions, invitations, tokens",
        "platform/kith_platform/mail/postman.py": "sends letters to persons",
        "platform/kith_platform/cli": "the operator's commands name a company by its address",
        "platform/kith_platform/demo/load.py": "makes the demo companies",
        "platform/kith_platform/doctor/service.py": "goes through all companies",
    },
    "dispatch_scope": {
        "workers/kith_workers": "hands out jobs of all companies",
        "platform/kith_platform/jobs/child.py": "counts busy workers",
        "platform/kith_platform/doctor/service.py": "looks at the queues",
    },
    "tenant_arrow": {
        "platform/kith_platform/snapshots": "reads one company's facts at one moment",
        "platform/kith_platform/metrics/compute.py": "reads one company's scores",
        "platform/kith_platform/duplicates/finding.py": "reads one company's records, raw fields included, to compare them",
        "platform/kith_platform/placements/store.py": "reads where one company's customers stood at the last turn",
    },
}
ENGINES = {
    "tenants/kith_tenants/doors.py": "the doors",
    "platform/kith_platform/migrate.py": "the owner's connection, for structure",
}


# Statements with names in them that SQLAlchemy cannot bind: names of our own roles, schemas and declared columns, never a value.
NAMES_OF_OUR_OWN = {
    "tenants/kith_tenants/schema.py": "the name of core's schema",
    "platform/kith_platform/facts/table.py": "the name of core's schema",
    "platform/kith_platform/migrate.py": "roles and schemas, checked by a pattern",
    "platform/kith_platform/backups/put_back.py": "roles and schemas of the backup's own lint",
    "platform/kith_platform/imports/undo.py": "table and columns of a declaration, for jsonb_populate_record",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for top in ("tenants", "platform", "workers", "plugins"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def calls(tree: ast.Module, name: str) -> bool:
    return any(
        isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr == name)
            or (isinstance(node.func, ast.Name) and node.func.id == name)
        )
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("door", CALLERS)
def test_a_door_is_opened_by_its_callers_only(door: str) -> None:
    opened = {path for path, tree in sources() if calls(tree, door)}
    allowed = CALLERS[door]
    strangers = {path for path in opened if not any(path == place or path.startswith(f"{place}/") for place in allowed)}
    assert strangers == set()
    assert all(any(path == place or path.startswith(f"{place}/") for path in opened) for place in allowed), "a place is not used"


def test_nobody_makes_an_engine_of_his_own() -> None:
    makers = {path for path, tree in sources() if calls(tree, "create_engine")}
    assert makers <= set(ENGINES) | {path for path in makers if path.startswith("platform/kith_platform/backups/")}
    assert set(ENGINES) <= makers


def test_no_query_is_built_from_strings() -> None:
    """`text()` takes a literal: what a person typed can never become SQL."""
    built = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "text"
        and node.args
        and isinstance(node.args[0], (ast.JoinedStr, ast.BinOp))
    }
    assert built == set(NAMES_OF_OUR_OWN)
