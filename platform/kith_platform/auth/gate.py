"""What each route asks of who calls it. A route says so with one of three decorators; the edge enforces it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, request

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC, SIGNED_IN = "public", "signed in"
_MARK = "__kith_asks__"

# Routes of libraries and of the shell, which have no decorator of ours. They show nothing of any company.
OPEN_ENDPOINTS = frozenset({"static", "health.alive", "health.ready", "health.metrics", "language.switch"})
# Pages of signed links that name their company themselves: who is signed in does not matter there, so the edge does not ask.
STRANGERS = frozenset({"survey_answers.show", "survey_answers.answer", "survey_answers.thanks"})
OPEN_BLUEPRINTS = frozenset({"api-docs", "api_docs", "style"})


def requires(permission: str) -> Callable[[View], View]:
    """The route is for members (or tokens) of the company with this permission."""

    def decorate(view: View) -> View:
        setattr(view, _MARK, permission)
        return view

    return decorate


def public(view: View) -> View:
    """The route is for everybody."""
    setattr(view, _MARK, PUBLIC)
    return view


def signed_in(view: View) -> View:
    """The route is for any person who signed in, whatever the company: their own account."""
    setattr(view, _MARK, SIGNED_IN)
    return view


def asks(app: Flask, endpoint: str | None, method: str) -> str | None:
    """What a route asks: a permission, `public`, `signed in`; None when it does not say, which the edge refuses."""
    if endpoint is None or endpoint in OPEN_ENDPOINTS or endpoint.partition(".")[0] in OPEN_BLUEPRINTS:
        return PUBLIC
    view: Any = app.view_functions[endpoint]
    kind = getattr(view, "view_class", None)
    if kind is not None:
        view = getattr(kind, method.lower(), None) or getattr(kind, "get", kind)
        return getattr(view, _MARK, getattr(kind, _MARK, None))
    return getattr(view, _MARK, None)


def asked_now(app: Flask) -> str | None:
    """What the running request's route asks."""
    return asks(app, request.endpoint, request.method)
