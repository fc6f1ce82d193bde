"""What one may do, as constants `noun:verb`, and the roles as sets of them. Plugins add `<plugin>.<noun>:<verb>`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kith_platform.i18n import N_
from kith_tenants.context import Reach

OWNER, ADMIN, ANALYST, AGENT, VIEWER = "owner", "admin", "analyst", "agent", "viewer"

# Each permission with what it allows, in words a person chooses by.
PERMISSIONS: Mapping[str, str] = {
    "home:read": N_("See Home"),
    "customers:read": N_("See customers"),
    "customers:write": N_("Add and change customers"),
    "customers:merge": N_("Merge and split customers"),
    "customers:export": N_("Export customers"),
    "customers:erase": N_("Erase customers for good"),
    "customers:sensitive": N_("See sensitive attributes of customers and let models learn from them"),
    "attributes:read": N_("See which attributes customers have"),
    "attributes:write": N_("Make, change and remove attributes"),
    "facts:read": N_("See orders, events and other facts"),
    "facts:write": N_("Send orders, events and other facts"),
    "imports:read": N_("See imports"),
    "imports:write": N_("Import files and undo imports"),
    "metrics:read": N_("See metrics and scorecards"),
    "sales:read": N_("See leads, opportunities and targets"),
    "sales:write": N_("Work on leads and opportunities"),
    "sales:manage": N_("Set targets, stages and reasons of a loss"),
    "criteria:read": N_("See success criteria, scores and returns"),
    "criteria:sign": N_("Sign success criteria, and enter initiatives with their costs and benefits"),
    "segments:read": N_("See segments"),
    "segments:write": N_("Make, change and remove segments"),
    "models:read": N_("See models and scores"),
    "models:train": N_("Train models and choose the champion"),
    "jobs:read": N_("See jobs"),
    "jobs:manage": N_("Cancel and retry jobs"),
    "modules:read": N_("See the module catalogue"),
    "modules:manage": N_("Enable, configure and disable modules"),
    "tickets:read": N_("See tickets"),
    "tickets:write": N_("Open, answer, solve and close tickets"),
    "success:read": N_("See commitments and customers' goals"),
    "success:write": N_("Enter commitments and customers' goals, and what came of them"),
    "surveys:read": N_("See surveys and their answers"),
    "surveys:answer": N_("Enter customers' answers to surveys"),
    "surveys:manage": N_("Make and close surveys, and put them to customers"),
    "settings:write": N_("Set working hours, closed days and service levels"),
    "members:read": N_("See members and teams"),
    "members:manage": N_("Invite and remove members, set roles, units and teams"),
    "tokens:manage": N_("Make and revoke API tokens"),
    "audit:read": N_("Read the audit trail"),
    "company:own": N_("Appoint owners and close the company"),
}

_VIEWER = frozenset(
    {
        "home:read",
        "customers:read",
        "facts:read",
        "metrics:read",
        "sales:read",
        "criteria:read",
        "segments:read",
        "models:read",
        "modules:read",
        "jobs:read",
        "tickets:read",
        "success:read",
        "surveys:read",
    }
)
_AGENT = _VIEWER | {"sales:write", "tickets:write", "success:write", "surveys:answer", "customers:write", "facts:write"}
_ANALYST = _AGENT | {
    "sales:manage",
    "customers:merge",
    "customers:export",
    "attributes:read",
    "attributes:write",
    "criteria:sign",
    "imports:read",
    "imports:write",
    "segments:write",
    "surveys:manage",
    "models:train",
    "jobs:manage",
    "members:read",
}
_ADMIN = frozenset(PERMISSIONS) - {"company:own"}

ROLES: Mapping[str, frozenset[str]] = {
    OWNER: frozenset(PERMISSIONS),
    ADMIN: _ADMIN,
    ANALYST: _ANALYST,
    AGENT: _AGENT,
    VIEWER: _VIEWER,
}

ROLE_NAMES: Mapping[str, str] = {
    OWNER: N_("Owner"),
    ADMIN: N_("Admin"),
    ANALYST: N_("Analyst"),
    AGENT: N_("Agent"),
    VIEWER: N_("Viewer"),
}

DEFAULT_REACH: Mapping[str, Reach] = {
    OWNER: Reach.ALL,
    ADMIN: Reach.ALL,
    ANALYST: Reach.ALL,
    AGENT: Reach.OWN,
    VIEWER: Reach.ALL,
}

_added: dict[str, str] = {}  # plugins' permissions of this process, with their words
_granted: dict[str, set[str]] = {role: set() for role in ROLES}


def add(plugin: str, permission: str, label: str, roles: Iterable[str] = (OWNER, ADMIN)) -> None:
    """Add a plugin's permission at start-up and give it to roles (the owner always has it).

    Raises ValueError unless it reads `<plugin>.<noun>:<verb>` and each role exists. Adding it again changes nothing.
    """
    if not re.fullmatch(rf"{re.escape(plugin)}\.[a-z_]+:[a-z_]+", permission):
        raise ValueError(f"{plugin} may only add permissions named '{plugin}.<noun>:<verb>', not {permission!r}")
    if unknown := set(roles) - set(ROLES):
        raise ValueError(f"{permission}: there is no role {', '.join(sorted(unknown))}")
    _added[permission] = label
    for role in {OWNER, *roles}:
        _granted[role].add(permission)


def known() -> Mapping[str, str]:
    """Every permission, core's and plugins', with its words (English msgids)."""
    return {**PERMISSIONS, **_added}


def of_role(role: str) -> frozenset[str]:
    """What a role allows; nothing for a role that does not exist."""
    return ROLES.get(role, frozenset()) | frozenset(_granted.get(role, ()))
