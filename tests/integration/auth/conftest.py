"""People with passwords, for tests of signing in."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kith_platform.auth import account
from kith_platform.auth.credentials import credentials_for
from kith_platform.auth.models import Identity
from kith_platform.auth.service import SignUp, sign_up_company
from kith_platform.auth.who import Person
from kith_platform.errors import Invalid
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

PASSWORD = "plum tables soar quietly"


class Browser(FlaskClient):
    """A browser that reads the CSRF token of the page it looks at before it sends a form."""

    def send(self, path: str, *, look: str = "", **form: str):  # type: ignore[no-untyped-def]
        page = self.get(look or path)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        return self.post(path, data={**form, "csrf_token": found[1] if found else ""})

    def sign_in(self, email: str, password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
        return self.send("/sign-in", email=email, password=password, **more)


@pytest.fixture
def new_browser(web: Flask, own_address: Callable[[], str]) -> Callable[[], Browser]:
    def make() -> Browser:
        browser = Browser(web, web.response_class, use_cookies=True)
        browser.environ_base["REMOTE_ADDR"] = own_address()
        return browser

    return make


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    return new_browser()


@dataclass(frozen=True)
class Owner:
    id: int
    email: str
    tenant: TenantContext


@pytest.fixture
def owner(runtime: Runtime) -> Owner:
    """Somebody who signed up a company with PASSWORD."""
    email = f"o-{uuid.uuid4().hex[:10]}@kith.example"
    tenant, identity = sign_up_company(runtime, SignUp(company="Harbour", name="Ona", email=email, password=PASSWORD))
    return Owner(identity, email, tenant)


def person_of(runtime: Runtime, identity_id: int) -> Person:
    with runtime.doors.auth_scope() as session:
        return Person.of(session.get_one(Identity, identity_id))


def with_second_factor(runtime: Runtime, identity_id: int) -> tuple[str, list[str]]:
    """Give a person a second factor. Returns its secret and the recovery codes; the code used was the one before."""
    credentials = credentials_for(runtime.secret_key)
    secret = credentials.new_second_factor()
    person = person_of(runtime, identity_id)
    try:
        codes = account.turn_on_second_factor(runtime, person, secret, credentials.current_code(secret, steps=-1), keep=0)
    except Invalid:  # half a minute ended between the two: the code before was by then the one before that
        codes = account.turn_on_second_factor(runtime, person, secret, credentials.current_code(secret, steps=-1), keep=0)
    return secret, codes
