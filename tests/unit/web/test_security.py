from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kith_platform import app as application
from kith_platform.config import Settings
from kith_platform.web.address import local_path


class Attributes(HTMLParser):
    """Collects what a content security policy would block."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked: list[str] = []
        self.scripts: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.blocked += [f"<{tag} {name}>" for name, _value in attrs if name == "style" or re.fullmatch(r"on\w+", name)]
        self.blocked += [f"<{tag}>"] if tag == "style" else []
        if tag == "script":
            self.scripts.append(dict(attrs))


@pytest.mark.parametrize("path", ["/_style/", "/_style/plain", "/_style/error", "/api/docs"])
def test_pages_obey_their_own_content_policy(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce
    found = Attributes()
    found.feed(answer.text)
    assert found.blocked == []
    assert all(script.get("nonce") == nonce[1] or str(script.get("src")).startswith("/static/") for script in found.scripts)
    assert not re.search(r'(?:src|href)="https?://', answer.text)


def test_each_answer_has_a_nonce_of_its_own(client: FlaskClient) -> None:
    first, second = (client.get("/_style/plain").headers["Content-Security-Policy"] for _ in range(2))
    assert first != second


def test_a_post_without_proof_of_origin_is_refused(client: FlaskClient) -> None:
    answer = client.post("/c/harbour/things/save")
    assert answer.status_code == 400
    assert "open for too long" in answer.text


def test_a_post_from_our_own_page_passes(client: FlaskClient) -> None:
    page = client.get("/c/harbour/things/").text
    token = re.search(r'"X-CSRFToken": "([^"]+)"', page)
    assert token
    assert client.post("/c/harbour/things/save", headers={"X-CSRFToken": token[1]}).text == "saved"
    assert client.post("/c/harbour/things/save", data={"csrf_token": token[1]}).text == "saved"


def test_the_api_needs_a_token_or_proof_of_origin(client: FlaskClient) -> None:
    assert client.post("/api/v1/things/", json={"name": "a"}).status_code == 400
    assert client.post("/api/v1/things/", json={"name": "a"}, headers={"Authorization": "Bearer x"}).status_code == 201


def test_a_bearer_header_excuses_no_page(client: FlaskClient) -> None:
    assert client.post("/c/harbour/things/save", headers={"Authorization": "Bearer x"}).status_code == 400


def test_pages_of_a_company_are_never_kept_by_caches(client: FlaskClient) -> None:
    assert client.get("/c/harbour/things/").headers["Cache-Control"] == "private, no-store"
    assert client.get("/api/v1/nothing").headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(("url", "promised"), [("https://kith.example", True), ("http://127.0.0.1:8000", False)])
def test_https_is_promised_only_over_https(standing: Any, monkeypatch: pytest.MonkeyPatch, url: str, promised: bool) -> None:
    monkeypatch.setattr(application, "PAGES", ())
    monkeypatch.setattr(application, "API", ())
    monkeypatch.setattr(application, "PARTS", ())
    standing.settings = Settings(secret_key="k" * 32, public_url=url)
    made: Flask = application.create_app(standing)
    answer = made.test_client().get("/healthz")
    assert ("Strict-Transport-Security" in answer.headers) is promised
    assert made.config["SESSION_COOKIE_SECURE"] is promised


def test_the_style_page_is_not_there_in_production(standing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PARTS", "PAGES", "API"):
        monkeypatch.setattr(application, name, ())
    assert application.create_app(standing).test_client().get("/_style/").status_code == 404


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", None, "/a\nb"]
)
def test_a_redirect_never_leaves_the_site(target: str | None) -> None:
    assert local_path(target) == "/"


def test_a_redirect_keeps_path_and_query() -> None:
    assert local_path("/c/harbour/?tab=2") == "/c/harbour/?tab=2"
