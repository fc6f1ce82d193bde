"""An app without servers: the shell needs only settings and a signing key until a part opens a door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import marshmallow as ma
import pytest
from flask import Blueprint, Flask, Response, g, render_template_string, request, session
from flask.testing import FlaskClient
from flask_smorest import Blueprint as ApiBlueprint

from kith_platform import app as application
from kith_platform.config import Settings
from kith_platform.errors import Conflict, FieldError, Invalid, NotSignedIn, TooMany
from kith_platform.i18n import N_
from kith_platform.web.limits import limiter
from kith_platform.web.navigation import NavItem


@dataclass
class Standing:
    """The part of Runtime the shell touches."""

    settings: Settings = field(default_factory=lambda: Settings(secret_key="k" * 32))
    redis: Any = None
    secret_key: str = "k" * 32


@dataclass
class Person:
    identity_name: str = "Mei Tanaka"
    company_name: str = "Harbour & Finch"
    company_slug: str = "harbour"
    role: str = "admin"
    language: str = ""
    company_language: str = ""
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    companies: tuple[Any, ...] = ()
    permissions: frozenset[str] = frozenset({"things:read"})

    def can(self, permission: str) -> bool:
        return permission in self.permissions


pages = Blueprint("things", __name__, url_prefix="/c/<slug>/things")
NAVIGATION = (
    NavItem(key="things", label=N_("Customers"), icon="users", endpoint="things.index", permission="things:read", order=1),
    NavItem(key="hidden", label=N_("Members"), icon="users", endpoint="things.index", permission="things:own", order=2),
    NavItem(key="absent", label=N_("Imports"), icon="users", endpoint="nowhere.index", order=3),
    NavItem(key="module", label=N_("Predictions"), icon="brain", endpoint="things.index", module="retail", order=4),
)
PAGE = """{% extends "layout/page.html" %}{% block title %}Things{% endblock %}
{% block content %}<p id="sum">{{ 1234567|money(short=true) }}</p><a href="{{ url_with(sort='name') }}">sort</a>{% endblock %}"""


@pages.get("/")
def index(slug: str) -> str:
    return render_template_string(PAGE)


@pages.get("/wrong/<kind>")
def wrong(slug: str, kind: str) -> str:
    raise {
        "conflict": Conflict(N_("The import %(name)s is running. Wait until it ends."), name="orders.csv"),
        "invalid": Invalid(fields=[FieldError("email", "There is no name before %(sign)s.", {"sign": "@"})]),
        "often": TooMany(retry_after=60),
        "stranger": NotSignedIn(),
        "broken": RuntimeError("the secret is tuna"),
    }[kind]


@pages.post("/save")
def save(slug: str) -> str:
    return "saved"


@pages.get("/rare")
@limiter.limit("3 per minute")
def rare(slug: str) -> str:
    return "here"


class Thing(ma.Schema):
    name = ma.fields.String(required=True)
    amount = ma.fields.Integer()


api = ApiBlueprint("things_api", __name__, url_prefix="/things", description="Things of a company")


@api.post("/")
@api.arguments(Thing)
@api.response(201, Thing)
def add(thing: dict[str, Any]) -> dict[str, Any]:
    """Add a thing"""
    return thing


@pytest.fixture
def standing() -> Standing:
    return Standing()


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, standing: Standing, person: Person) -> Iterator[Flask]:
    """The shell with one part added by one line, as a real part would be."""
    monkeypatch.setattr(application, "PARTS", ())
    monkeypatch.setattr(application, "PAGES", ("kith_test_part",))
    monkeypatch.setattr(application, "API", ("kith_test_part",))
    real = application.import_module
    part = SimpleNamespace(pages=pages, api=api, NAVIGATION=NAVIGATION)
    monkeypatch.setattr(application, "import_module", lambda name: part if name == "kith_test_part" else real(name))
    made = application.create_app(standing, testing=True)  # type: ignore[arg-type]
    made.config["KITH_RAISE"] = False

    @made.before_request
    def somebody() -> None:
        if request.path.startswith("/c/"):
            g.actor = person

    @made.get("/session")
    def keep() -> Response:
        session["seen"] = True
        return Response("kept")

    yield made
    limiter.reset()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
