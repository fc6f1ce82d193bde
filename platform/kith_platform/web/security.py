"""Headers that keep a browser safe, and proof that a form came from our own page."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect

from kith_platform.web import context

csrf = CSRFProtect()

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)


def install(app: Flask, *, https: bool) -> None:
    """CSRF for everything but the bearer API; content security policy, HSTS (over https) and no-store on answers."""
    # Checked by `_protect`, because whether a request needs it depends on how it says who it is.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session: a form left open over lunch still sends
    app.config["WTF_CSRF_SSL_STRICT"] = https
    csrf.init_app(app)
    app.before_request(_protect)
    app.jinja_env.globals["csp_nonce"] = nonce

    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=nonce()))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if https:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint != "static" and (context.actor() is not None or request.path.startswith("/api/")):
            headers["Cache-Control"] = "private, no-store"
        headers.add("Vary", "Accept-Language, Cookie, HX-Request")
        return response


def _protect() -> None:
    # A request with a bearer token carries no ambient authority: another site cannot make a browser send that header.
    # Auth must not read the session cookie of a request that has one.
    if not (request.path.startswith("/api/") and bearer()):
        csrf.protect(apply_exemptions=True)


def bearer() -> bool:
    """Whether the request says who it is by an Authorization: Bearer header."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def nonce() -> str:
    """This answer's nonce for inline scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)
