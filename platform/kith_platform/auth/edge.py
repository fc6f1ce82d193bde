"""The edge of a request: settles who asks, opens the company's transaction, commits it when the view returned, else rolls back.

Views read `current_actor()`, `current_db()`, `current_tenant()` (also `flask.g.actor`, `g.db`, `g.tenant`); nobody else opens a
session for a request. GET and HEAD run read only. Redirects and pages commit; an error, raised or returned, rolls back.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, cast

import structlog
from flask import Flask, Response, current_app, g, request, session
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from kith_platform import logs
from kith_platform.audit.service import Origin, origin
from kith_platform.auth import gate
from kith_platform.auth.cookies import KithSession, KithSessions
from kith_platform.auth.settle import Asked, Settled, settle
from kith_platform.auth.who import Member, Person
from kith_platform.errors import BadRequest, Forbidden, NotSignedIn, Unavailable
from kith_platform.i18n import N_
from kith_platform.runtime import Runtime
from kith_platform.web.observe import request_id
from kith_platform.web.problems import is_htmx
from kith_tenants.tenant import TenantContext

log = structlog.get_logger("kith.auth")
PATIENCE = "30s"  # nobody waits longer for a page, and a thread that waits serves nobody else
DOWN = (OperationalError, InterfaceError, PoolTimeout)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask) -> None:
    """Put the edge around every request of the app."""
    app.session_interface = KithSessions()
    app.url_value_preprocessor(_settle)
    app.before_request(_admit)
    dispatch = app.dispatch_request

    def committed() -> Response:
        response = app.make_response(dispatch())
        _close(commit=response.status_code < 400)
        return response

    # The one place between a view and its answer: a refused commit still becomes a proper error.
    app.dispatch_request = committed  # type: ignore[method-assign]
    app.after_request(_after)
    app.teardown_request(_end)


def runtime() -> Runtime:
    """What this process holds."""
    return cast("Runtime", current_app.extensions["kith"])


def browser() -> KithSession:
    """`flask.session`, as what it is here."""
    return cast("KithSession", cast("Any", session)._get_current_object())  # noqa: SLF001 - Werkzeug's documented way


def settled() -> Settled:
    """Everything the edge found out."""
    return cast("Settled", g.get("settled") or Settled())


def current_actor() -> Member:
    """Who acts, in the company of this request. Raises NotSignedIn outside one."""
    actor = g.get("actor")
    if actor is None:
        raise NotSignedIn
    return cast("Member", actor)


def current_person() -> Person:
    """Who signed in. Raises NotSignedIn for visitors and API tokens."""
    person = settled().person
    if person is None:
        raise NotSignedIn
    return person


def current_tenant() -> TenantContext:
    """The company of this request. Raises NotSignedIn outside one."""
    current_actor()
    return cast("TenantContext", g.tenant)


def current_db() -> Session:
    """The request's transaction in its company, as kith_app; read only for GET. The edge commits it.

    Raises NotSignedIn where the address names no company.
    """
    database = g.get("db")
    if database is None:
        raise NotSignedIn
    return cast("Session", database)


def _settle(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    mine = browser()
    asked = _asked(mine, values or {})
    if request.endpoint in gate.STRANGERS or (request.endpoint in gate.OPEN_ENDPOINTS and request.method in SAFE):
        return
    if not (asked.session_key or asked.bearer):
        return
    try:
        with runtime().doors.auth_scope() as database:
            found = settle(database, asked)
    except DOWN as error:
        # Never an empty session in place of one we cannot read: that would look like signing out, or worse, like somebody else.
        log.error("the session store does not answer", error=str(error))
        raise Unavailable from error
    g.settled = found
    if found.web is not None:
        mine.belongs_to(found.web, new_key=found.new_key)
    elif asked.session_key:
        mine.leave()
    if found.member is not None and found.tenant is not None:
        g.actor, g.tenant = found.member, found.tenant
        logs.identify(tenant=found.tenant.id, user=found.member.identity_id)
        if asked.slug or asked.bearer or request.method in SAFE:
            _open(found.tenant)


def _asked(mine: KithSession, values: dict[str, Any]) -> Asked:
    api = request.path.startswith("/api/")
    header = request.headers.get("Authorization", "")
    bearer = header[7:].strip() if api and header[:7].lower() == "bearer " else ""
    slug = str(values.get("slug") or "") if not api else request.headers.get("X-Kith-Tenant", "")
    whole_page = request.method == "GET" and not api and not is_htmx()
    return Asked("" if bearer else mine.key, bearer, slug, whole_page, api)


def _open(tenant: TenantContext) -> None:
    """The company's transaction. What changes something outside a company has none: it may work in another company."""
    g.scope = ExitStack()
    # Opens no connection before its first statement.
    scope = runtime().doors.tenant_scope(tenant.id, read_only=request.method in SAFE, patience=PATIENCE)
    g.db = g.scope.enter_context(scope)


def _admit() -> None:
    origin.set(Origin(request.remote_addr or "", request_id()))
    asks = gate.asked_now(current_app)
    found = settled()
    if asks == gate.PUBLIC:
        return
    if asks is None:
        log.error("a route declares no permission", endpoint=request.endpoint)
        raise Forbidden
    if asks == gate.SIGNED_IN:
        current_person()
        if found.refused is not None and "slug" in (request.view_args or {}):
            raise found.refused
        return
    if found.refused is not None:
        raise found.refused
    if found.member is None:
        raise BadRequest(N_("Say for which company this is: send its address in the header X-Kith-Tenant, or use an API token."))
    if not found.member.can(asks):
        raise Forbidden


def _close(*, commit: bool) -> None:
    stack = g.pop("scope", None)
    if stack is None:
        return
    if not commit:
        g.db.rollback()
    stack.close()


def _end(_error: BaseException | None) -> None:
    _close(commit=False)
    origin.set(None)


def _after(response: Response) -> Response:
    _close(commit=False)
    if settled().person is not None:
        response.headers["Cache-Control"] = "private, no-store"
    return response
