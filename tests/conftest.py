"""What every test may ask for: real servers in a temporary home, started once a session, and a fresh tenant for each test.

Tests run under the restricted roles. A tenant of one's own is isolation enough, so nothing is rolled back.
"""

from __future__ import annotations

import secrets
import tempfile
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from kith_platform.app import create_app
from kith_platform.auth import service as auth
from kith_platform.auth import sessions
from kith_platform.auth.cookies import COOKIE
from kith_platform.auth.models import Membership
from kith_platform.config import Settings
from kith_platform.runtime import Runtime, open_runtime
from kith_platform.servers.embedded import Embedded
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="kith-test-") as folder:
        chosen = Settings(home=Path(folder), job_lease_seconds=3.0, job_heartbeat_seconds=0.5, job_reconcile_seconds=0.5)
        yield chosen
        Embedded(chosen, durable=False).down()


@pytest.fixture(scope="session")
def runtime(settings: Settings) -> Iterator[Runtime]:
    opened = open_runtime(settings, durable=False)
    yield opened
    opened.close()


def make_tenant(runtime: Runtime, **given: str) -> TenantContext:
    """A tenant with a slug nobody else has."""
    with runtime.doors.auth_scope() as session:
        return registry.create(session, f"t-{uuid.uuid4().hex[:12]}", **{"name": "Test company", **given})


@pytest.fixture
def new_tenant(runtime: Runtime) -> Callable[..., TenantContext]:
    """Makes as many tenants as a test wants."""
    return partial(make_tenant, runtime)


@pytest.fixture
def tenant(runtime: Runtime) -> TenantContext:
    return make_tenant(runtime)


@pytest.fixture
def other_tenant(runtime: Runtime) -> TenantContext:
    return make_tenant(runtime, name="Other company")


@pytest.fixture(scope="session")
def web(runtime: Runtime) -> Flask:
    """The whole application over the real servers."""
    return create_app(runtime, testing=True)


def own_address() -> str:
    """A network address of one's own: limits count by address, and tests are many."""
    return f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(254) + 1}"


class MemberClient(FlaskClient):
    """A browser in which somebody has signed in. Sends the CSRF token with everything, as our pages do."""

    slug: str
    email: str
    identity_id: int
    member_id: int
    key: str

    def open(self, *args: Any, **given: Any) -> TestResponse:
        """As its parent's, but the file into which the test client writes an upload above 500 kB is closed."""
        answer = super().open(*args, **given)
        for one in (answer, *answer.history):
            one.request.environ["wsgi.input"].close()
        return answer


def member_client(web: Flask, runtime: Runtime, tenant: TenantContext, role: str, reach: str = "") -> MemberClient:
    """Make a person who is a member of `tenant` with `role` (and `reach`), and sign them in without a password."""
    email = f"{role}-{uuid.uuid4().hex[:10]}@kith.example"
    token = secrets.token_hex(16)
    with runtime.doors.auth_scope() as session:
        identity = auth.new_identity(session, email, name=role.title(), language="", hashed=None)
        member = auth.join(session, identity, tenant, role)
        if reach:
            session.get_one(Membership, (tenant.id, member.id)).reach = reach
        key, row = sessions.begin(session, identity.id, tenant=tenant.id, address="127.0.0.1", user_agent="pytest")
        row.data = {"csrf_token": token}
        ids = identity.id, member.id
    client = MemberClient(web, web.response_class, use_cookies=True)
    client.slug, client.email, client.key = tenant.slug, email, key
    client.identity_id, client.member_id = ids
    client.set_cookie(COOKIE, key)
    signer = URLSafeTimedSerializer(str(web.secret_key), salt="wtf-csrf-token")
    client.environ_base["REMOTE_ADDR"] = own_address()
    client.environ_base["HTTP_X_CSRFTOKEN"] = str(signer.dumps(token))
    return client


@pytest.fixture(name="own_address")
def _own_address() -> Callable[[], str]:
    return own_address


@pytest.fixture(scope="session")
def member_of(web: Flask, runtime: Runtime) -> Callable[..., MemberClient]:
    """`member_of(tenant, "owner")` is a signed-in browser of a new member of any tenant."""
    return partial(member_client, web, runtime)


@pytest.fixture
def client_for(web: Flask, runtime: Runtime, tenant: TenantContext) -> Callable[..., MemberClient]:
    """`client_for("analyst")` is a signed-in browser of a new member of the test's tenant; `tenant=`, `reach=` as wanted."""

    def make(role: str = "owner", *, tenant: TenantContext = tenant, reach: str = "") -> MemberClient:
        return member_client(web, runtime, tenant, role, reach)

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data sets beside the checkout. Skips where they are not."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return SHARED_DATA
