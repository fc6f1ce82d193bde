"""Logs: one structured line per thing that happened, each with request, tenant and user. Knows nothing of Flask.

Never log names, addresses, tokens or amounts of a company's customers; ids are enough.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars

_SECRET = {"password", "token", "secret", "authorization", "cookie", "csrf_token", "code", "otp"}


def configure(level: str, *, as_json: bool) -> None:
    """Send structlog and the standard library's logging through one renderer to stderr. May be called again."""
    shared: list[Any] = [
        merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.set_name("kith")
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    for old in [one for one in root.handlers if one.get_name() == "kith"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in ("werkzeug", "alembic", "flask-limiter"):  # they repeat our own lines, or speak at each health check
        logging.getLogger(name).setLevel(logging.WARNING)


def hide_secrets(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank values whose key names a credential."""
    for key in event:
        if key.lower() in _SECRET:
            event[key] = "[hidden]"
    return event


def begin(**values: str) -> None:
    """Start a request, job or command: forget what the thread carried before, then carry `values` on each line."""
    clear_contextvars()
    bind_contextvars(**values)


def identify(*, tenant: str | int | None = None, user: str | int | None = None) -> None:
    """Carry tenant and user on each further line of this request or job."""
    bind_contextvars(**{key: value for key, value in (("tenant", tenant), ("user", user)) if value is not None})


def end() -> None:
    """Forget what this thread carried."""
    clear_contextvars()
