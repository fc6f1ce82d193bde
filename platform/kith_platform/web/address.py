"""Addresses: sort, filter and page live in the URL, and a redirect never leaves the site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, request, url_for
from werkzeug.routing import BuildError


def install(app: Flask) -> None:
    """Give templates `url_with`, `maybe_url`, `here` and `query_items`."""
    app.jinja_env.globals.update(url_with=url_with, maybe_url=maybe_url, here=here, query_items=query_items)


def maybe_url(endpoint: str, **values: object) -> str | None:
    """The address of an endpoint, or None where the part that owns it is not installed: only what exists is shown."""
    try:
        return url_for(endpoint, **values)  # type: ignore[arg-type]
    except BuildError:
        return None


def here() -> str:
    """This page's own path and query, to come back to; the start page after a failed post."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def query_items() -> list[tuple[str, str]]:
    """The running query's values, for forms that keep the others."""
    return list(request.args.items(multi=True))


def url_with(**changes: object) -> str:
    """This page's address with some query values changed; None removes one. A changed sort or filter drops the page key."""
    query: dict[str, object] = dict(request.args.to_dict(flat=False))
    if "after" not in changes and "before" not in changes:
        query.pop("after", None)
        query.pop("before", None)
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None:
            query[key] = value
    return url_for(request.endpoint or "", **{**(request.view_args or {}), **query})


def local_path(target: str | None, default: str = "/") -> str:
    """`target` where it is a path of this site, else `default`: no open redirect."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc or any(ord(c) < 32 for c in target) else target
