"""Somebody signed in, as Flask's test client."""

from __future__ import annotations

import secrets

from flask import Flask
from flask.testing import FlaskClient

from kith_platform.app import create_app
from kith_platform.auth import service as auth
from kith_platform.auth import sessions
from kith_platform.auth.cookies import COOKIE
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext


def signed_in(runtime: Runtime, tenant: TenantContext) -> tuple[Flask, FlaskClient]:
    """The application, and an owner's browser in it."""
    app = create_app(runtime, testing=True)
    with runtime.doors.auth_scope() as session:
        identity = auth.new_identity(session, f"{secrets.token_hex(4)}@kith.example", name="Bench", language="", hashed=None)
        auth.join(session, identity, tenant, "owner")
        key, _ = sessions.begin(session, identity.id, tenant=tenant.id, address="127.0.0.1", user_agent="bench")
    client = app.test_client()
    client.set_cookie(COOKIE, key)
    return app, client
