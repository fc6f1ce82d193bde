"""Flask's session, kept in web_session for people who signed in and in a signed cookie for visitors, who own no row."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from itsdangerous import BadSignature
from werkzeug.datastructures import CallbackDict

from kith_platform.auth.models import WebSession

COOKIE = "kith_session"
VISITOR = "kith_visit"


class KithSession(CallbackDict[str, Any], SessionMixin):
    """What `flask.session` is. `key` is the cookie's value, `row` the session's row once the edge has found it."""

    def __init__(self, initial: dict[str, Any] | None = None, *, key: str = "", had_visitor: bool = False) -> None:
        def changed(self: KithSession) -> None:
            self.modified = True

        super().__init__(initial, changed)
        self.modified = False
        self.accessed = True
        self.key = key
        self.new_key: str | None = None  # to be sent
        self.ended = False  # the cookie is to be removed
        self.had_visitor = had_visitor
        self.row_id: int | None = None

    def belongs_to(self, row: WebSession, *, new_key: str | None = None) -> None:
        """From now on this is that row's session; what a visitor left is dropped."""
        self.clear()
        self.update(row.data)
        self.modified = False
        self.row_id = row.id
        self.ended = False
        if new_key is not None:
            self.key = self.new_key = new_key

    def leave(self) -> None:
        """Forget the signed-in session; the row is the caller's to end."""
        self.clear()
        self.row_id, self.new_key, self.ended = None, None, True


class KithSessions(SessionInterface):
    """Opens sessions without asking the database: the edge does that once, together with everything else it must know."""

    def __init__(self) -> None:
        self._visitors = SecureCookieSessionInterface()

    def open_session(self, app: Flask, request: Request) -> KithSession:
        key = request.cookies.get(COOKIE, "")
        raw = request.cookies.get(VISITOR)
        serializer = self._visitors.get_signing_serializer(app)
        data: dict[str, Any] = {}
        if raw and not key and serializer is not None:
            try:
                data = serializer.loads(raw, max_age=86_400)
            except BadSignature:
                data = {}
        return KithSession(data, key=key, had_visitor=raw is not None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, KithSession)  # noqa: S101 - open_session made it
        options: dict[str, Any] = {"path": "/", "secure": self.get_cookie_secure(app), "httponly": True, "samesite": "Lax"}
        if session.row_id is not None:
            self._save_row(app, session)
            if session.new_key is not None:
                response.set_cookie(COOKIE, session.new_key, **options)
            if session.had_visitor:
                response.delete_cookie(VISITOR, **options)
            return
        if session.ended:
            response.delete_cookie(COOKIE, **options)
        if session.modified:
            serializer = self._visitors.get_signing_serializer(app)
            if session and serializer is not None:
                response.set_cookie(VISITOR, serializer.dumps(dict(session)), **options)
            elif session.had_visitor:
                response.delete_cookie(VISITOR, **options)

    def _save_row(self, app: Flask, session: KithSession) -> None:
        if not session.modified:
            return
        with app.extensions["kith"].doors.auth_scope() as database:
            row = database.get(WebSession, session.row_id)
            if row is not None:
                row.data = dict(session)
