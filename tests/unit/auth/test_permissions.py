"""Roles are sets of permissions, and plugins stay within their own."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from kith_platform.auth import permissions
from kith_platform.auth.lockout import LONGEST, wait_after


@pytest.fixture(autouse=True)
def _core_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No plugin of this process has added anything."""
    monkeypatch.setattr(permissions, "_added", {})
    monkeypatch.setattr(permissions, "_granted", {role: set() for role in permissions.ROLES})


def test_each_role_may_what_the_one_below_it_may() -> None:
    ladder = [permissions.of_role(role) for role in ("viewer", "agent", "analyst", "admin", "owner")]
    assert all(lower < higher for lower, higher in pairwise(ladder))


def test_permissions_read_noun_colon_verb_and_owners_have_all() -> None:
    assert all(re.fullmatch(r"[a-z_]+:[a-z_]+", key) for key in permissions.PERMISSIONS)
    assert permissions.of_role("owner") == frozenset(permissions.PERMISSIONS)


def test_only_owners_own() -> None:
    assert [role for role in permissions.ROLES if "company:own" in permissions.of_role(role)] == ["owner"]


def test_an_unknown_role_may_nothing() -> None:
    assert permissions.of_role("king") == frozenset()


@pytest.mark.parametrize("name", ["customers:read", "other.visits:read", "shop.visits", "shop.visits:read:all", "shop:read"])
def test_a_plugin_may_add_permissions_only_under_its_own_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"shop\.<noun>:<verb>"):
        permissions.add("shop", name, "words")


def test_a_plugins_permission_reaches_the_roles_it_names() -> None:
    permissions.add("shop", "shop.visits:read", "See visits", ("agent",))
    having = [role for role in permissions.ROLES if "shop.visits:read" in permissions.of_role(role)]
    assert having == ["owner", "agent"]
    assert "shop.visits:read" in permissions.known()
    with pytest.raises(ValueError, match="no role king"):
        permissions.add("shop", "shop.visits:write", "words", ("king",))


def test_guessing_gets_slow_and_never_stops_for_good() -> None:
    assert [wait_after(count) for count in (1, 4, 5, 6, 13, 14, 99)] == [0, 0, 2, 4, 512, 900, 900]
    guesses, clock = 0, 0
    while clock < 3600:
        guesses += 1
        clock += wait_after(guesses)
    assert guesses <= 20
    assert LONGEST <= 15 * 60
