"""People who sign in, their sessions, memberships of companies, invitations, tokens, units and teams.

What belongs to no company (identity, web_session, auth_link, security_event) has no tenant_id and belongs to the auth door.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Identity as Counter
from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_tenants.schema import Access, Addressed, Base, TenantRow, owned_by

ACTIVE, REMOVED = "active", "removed"
NOW = text("now()")


class Identity(Base):
    """A person who signs in. `email` is normalised and unique; `password` an argon2id hash, null until one is chosen.

    `tenants` are ids of companies to look for memberships in (a superset; membership alone decides). `second_factor` is the
    TOTP secret, encrypted; `last_counter` the last code's time step, so that no code counts twice; `recovery_codes` are HMACs.
    """

    __tablename__ = "identity"
    __table_args__ = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        "info": {
            "access": Access(
                app="SELECT",
                app_columns=("id", "public_id", "email", "name", "language"),
                auth="SELECT, INSERT, UPDATE",
                row="EXISTS (SELECT 1 FROM kith.membership m "
                "WHERE m.tenant_id = (SELECT kith.tenant_id()) AND m.identity_id = identity.id)",
            )
        }
    }

    id: Mapped[int] = mapped_column(Counter(always=True), primary_key=True)
    public_id: Mapped[uuid.UUID] = mapped_column(server_default=text("uuidv7()"), unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="")
    password: Mapped[str | None]
    password_changed_at: Mapped[dt.datetime | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    tenants: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    second_factor: Mapped[str | None]
    second_factor_at: Mapped[dt.datetime | None]
    last_counter: Mapped[int | None]
    recovery_codes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)


class SignInFailure(Base):
    """Failed attempts for one e-mail address, known or not: passwords, codes and recovery codes count together."""

    __tablename__ = "sign_in_failure"
    __table_args__ = {"info": {"access": Access(app="", auth="SELECT, INSERT, UPDATE, DELETE")}}  # noqa: RUF012

    email_hash: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    last_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    locked_until: Mapped[dt.datetime | None]


class WebSession(Base):
    """One signed-in browser. `key_hash` is the SHA-256 of the cookie's value; the one before it stays good for a moment after a
    change, for requests under way. `stage`: second_factor (asked for) or open. `data` is what Flask's session holds.
    """

    __tablename__ = "web_session"
    __table_args__ = (
        Index("ix_web_session_identity_id", "identity_id"),
        Index("ix_web_session_expires_at", "expires_at"),
        {"info": {"access": Access(app="", auth="SELECT, INSERT, UPDATE, DELETE")}},
    )

    id: Mapped[int] = mapped_column(Counter(always=True), primary_key=True)
    public_id: Mapped[uuid.UUID] = mapped_column(server_default=text("uuidv7()"), unique=True)
    key_hash: Mapped[str] = mapped_column(unique=True)
    former_hash: Mapped[str | None] = mapped_column(unique=True)
    rotated_at: Mapped[dt.datetime | None]
    identity_id: Mapped[int]
    stage: Mapped[str] = mapped_column(server_default="open")
    active_tenant: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    last_seen_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    user_agent: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")


class AuthLink(Base):
    """A single-use link that was mailed: `kind` is reset or change_email (to `email`). Only its SHA-256 is kept."""

    __tablename__ = "auth_link"
    __table_args__ = (
        Index("ix_auth_link_identity_id", "identity_id"),
        {"info": {"access": Access(app="", auth="SELECT, INSERT, UPDATE")}},
    )

    id: Mapped[int] = mapped_column(Counter(always=True), primary_key=True)
    kind: Mapped[str]
    identity_id: Mapped[int]
    email: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class SecurityEvent(Base):
    """Something about signing in that belongs to no company. Rows are added and never changed."""

    __tablename__ = "security_event"
    __table_args__ = (
        Index("ix_security_event_identity_id", "identity_id", "id"),
        {"info": {"access": Access(app="", auth="SELECT, INSERT", append_only=True)}},
    )

    id: Mapped[int] = mapped_column(Counter(always=True), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    kind: Mapped[str]
    identity_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(server_default="")
    user_agent: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class Unit(Addressed, TenantRow):
    """A part of the company, such as a branch or a region."""

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("tenant_id", "public_id"), UniqueConstraint("tenant_id", "name"))

    name: Mapped[str]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)


class Team(Addressed, TenantRow):
    """People who work together, inside a unit or across them."""

    __tablename__ = "team"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        UniqueConstraint("tenant_id", "name"),
        owned_by("unit", "unit_id"),
    )

    name: Mapped[str]
    unit_id: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)


class Membership(Addressed, TenantRow):
    """A person's place in a company. `role` names a set of permissions, `reach` whose customers they see: own, team, all."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        UniqueConstraint("tenant_id", "identity_id"),
        owned_by("team", "team_id"),
        {"info": {"access": Access(app="SELECT, INSERT, UPDATE", auth="SELECT, INSERT, UPDATE")}},
    )

    identity_id: Mapped[int]
    role: Mapped[str]
    reach: Mapped[str] = mapped_column(server_default="all")
    status: Mapped[str] = mapped_column(server_default=ACTIVE)
    team_id: Mapped[int | None]
    joined_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    removed_at: Mapped[dt.datetime | None]


class MemberUnit(TenantRow):
    """A unit that a member works in."""

    __tablename__ = "member_unit"
    __table_args__ = (
        owned_by("membership", "membership_id", ondelete="CASCADE"),
        owned_by("unit", "unit_id", ondelete="CASCADE"),
        {"info": {"access": Access(app="SELECT, INSERT, DELETE", auth="SELECT")}},
    )

    membership_id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True)


class Invitation(Addressed, TenantRow):
    """An e-mail address asked to join. The link's SHA-256 is kept; it opens once, for that address alone, within 7 days."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        Index("ix_invitation_email", "tenant_id", "email"),
        {
            "info": {
                "access": Access(
                    app="SELECT, INSERT, UPDATE",
                    app_columns=(
                        "tenant_id",
                        "id",
                        "public_id",
                        "email",
                        "role",
                        "reach",
                        "unit_ids",
                        "invited_by",
                        "created_at",
                        "expires_at",
                        "accepted_at",
                        "withdrawn_at",
                    ),
                    auth="SELECT",
                )
            }
        },
    )

    email: Mapped[str]
    role: Mapped[str]
    reach: Mapped[str] = mapped_column(server_default="all")
    unit_ids: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    invited_by: Mapped[int | None]
    token_hash: Mapped[str] = mapped_column(deferred=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[dt.datetime]
    accepted_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]


class ApiToken(Addressed, TenantRow):
    """A program's key to one company: never more than its maker may do (`membership_id`), and only its `scopes` of that."""

    __tablename__ = "api_token"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        owned_by("membership", "membership_id"),
        {
            "info": {
                "access": Access(
                    app="SELECT, INSERT, UPDATE",
                    app_columns=(
                        "tenant_id",
                        "id",
                        "public_id",
                        "membership_id",
                        "name",
                        "scopes",
                        "created_at",
                        "expires_at",
                        "last_used_at",
                        "revoked_at",
                    ),
                    auth="SELECT, UPDATE",
                )
            }
        },
    )

    membership_id: Mapped[int]
    name: Mapped[str]
    scopes: Mapped[list[Any]]
    secret_hash: Mapped[str] = mapped_column(deferred=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
