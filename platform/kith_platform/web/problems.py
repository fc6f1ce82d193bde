"""Errors at the edge: problem+json (RFC 9457) for the API, a notice for htmx, a page for everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import structlog
from flask import Flask, Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_smorest import Api
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError

from kith_platform.errors import BY_STATUS, BadRequest, Expired, FieldError, Invalid, KithError, NotSignedIn, TookTooLong
from kith_platform.web.observe import request_id, route

log = structlog.get_logger("kith.web")


class FieldProblem(ma.Schema):
    """One field that does not fit."""

    field = ma.fields.String(metadata={"description": "path in the body, such as lines.0.amount"})
    message = ma.fields.String(metadata={"description": "in the caller's language"})


class Problem(ma.Schema):
    """The body of every error (RFC 9457), for the API's documentation."""

    type = ma.fields.String(metadata={"description": "urn:kith:problem:<code>"})
    title = ma.fields.String()
    status = ma.fields.Integer()
    code = ma.fields.String(metadata={"description": "stable, for programs"})
    detail = ma.fields.String(metadata={"description": "what happened, to what, and what to do"})
    request_id = ma.fields.String()
    errors = ma.fields.List(ma.fields.Nested(FieldProblem))


class KithApi(Api):  # type: ignore[misc]
    """flask-smorest's Api, documenting the errors we really send."""

    ERROR_SCHEMA = Problem


def install(app: Flask) -> None:
    """Render every error. Call after flask-smorest's Api, whose own handler this replaces."""
    app.jinja_env.globals["request_id"] = request_id
    app.register_error_handler(KithError, _known)
    app.register_error_handler(CSRFError, lambda _error: _known(Expired()))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _stopped)
    app.register_error_handler(Exception, _unexpected)


def is_htmx() -> bool:
    """Whether htmx asks for a piece of a page rather than a browser for a whole one."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"


def problem(error: KithError) -> dict[str, Any]:
    """The RFC 9457 body of an error, in the reader's language. `code` is stable; texts are not."""
    body: dict[str, Any] = {
        "type": f"urn:kith:problem:{error.code}",
        "title": gettext(error.title),
        "status": error.status,
        "code": error.code,
        "detail": error.text(gettext),
        "request_id": request_id(),
    }
    if error.fields:
        body["errors"] = [{"field": one.field, "message": one.text(gettext)} for one in error.fields]
    return body


def _known(error: KithError) -> Response:
    if error.status >= 500:
        log.warning("unavailable", code=error.code, detail=str(error))
    if request.path.startswith("/api/"):
        response = jsonify(problem(error))
        response.content_type = "application/problem+json"
    elif isinstance(error, NotSignedIn) and (url := _sign_in_url()):
        response = make_response("", 200) if is_htmx() else make_response(redirect(url))
        if is_htmx():
            response.headers["HX-Redirect"] = url
        return response
    elif is_htmx():
        # The page under it stays as it is, with everything typed: the message goes to the notices.
        response = make_response(_render("errors/fragment.html", error))
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "innerHTML"
    else:
        response = make_response(_render("errors/error.html", error))
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _render(template: str, error: KithError) -> str:
    fields = [one.text(gettext) for one in error.fields]
    return render_template(template, error=error, text=error.text(gettext), fields=fields)


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:  # redirects raised by routing
        return error
    kind = BY_STATUS.get(status, BadRequest if status < 500 else KithError)
    return _known(kind(fields=list(_schema_errors(error)))) if kind is Invalid else _known(_retry(kind(), error))


def _stopped(error: OperationalError) -> Response:
    if getattr(error.orig, "sqlstate", "") != "57014":  # query_canceled
        return _unexpected(error)
    log.error("a statement took too long", route=route())
    return _known(TookTooLong())


def _retry(error: KithError, cause: HTTPException) -> KithError:
    headers = dict(cause.get_headers())
    after = headers.get("Retry-After", "")
    error.retry_after = int(after) if after.isdigit() else None
    return error


def _schema_errors(error: HTTPException) -> Iterator[FieldError]:
    """What marshmallow found wrong with a request, flattened to paths: `lines.0.amount`."""
    messages = getattr(error, "data", None) or {}
    for place in (messages.get("messages") or {}).values():
        yield from _flatten((), place)


def _flatten(path: tuple[str, ...], found: Any) -> Iterator[FieldError]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _flatten((*path, str(key)) if key != "_schema" else path, value)
    elif isinstance(found, list):
        for one in found:
            yield FieldError(".".join(path), str(one))
    else:
        yield FieldError(".".join(path), str(found))


def _unexpected(error: Exception) -> Response:
    # The trace belongs to the log alone; the person gets the request's id, by which the operator finds it.
    log.error("unexpected error", exc_info=error, method=request.method, route=route())
    if current_app.config.get("KITH_RAISE"):
        raise error
    return _known(KithError())


def _sign_in_url() -> str | None:
    try:
        here = request.full_path.rstrip("?") if request.method == "GET" and not is_htmx() else None
        return url_for(current_app.config["SIGN_IN_ENDPOINT"], next=here)
    except BuildError:
        return None
