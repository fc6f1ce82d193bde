"""Built assets: content-hashed names, already compressed, cached for ever."""

from __future__ import annotations

import json
from pathlib import Path

import structlog
from flask import Flask, Response, request, send_from_directory, url_for
from markupsafe import Markup, escape

STATIC = Path(__file__).parent / "static"
DIST = STATIC / "dist"
log = structlog.get_logger("kith.web")


def install(app: Flask) -> None:
    """Serve /static and give templates `asset(name)` and `icon(name, label=None)`."""
    manifest = _manifest()
    app.add_url_rule("/static/<path:filename>", "static", _serve)

    def asset(name: str) -> str:
        return url_for("static", filename="dist/" + manifest.get(name, name))

    def icon(name: str, label: str | None = None, size: str = "") -> Markup:
        aria = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup('<svg class="icon {}" width="20" height="20" {}><use href="{}#{}"/></svg>').format(
            Markup("icon-{}").format(size) if size else "", aria, asset("icons.svg"), escape(name)
        )

    app.jinja_env.globals.update(asset=asset, icon=icon)


def _manifest() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((DIST / "manifest.json").read_text())
    except FileNotFoundError:
        log.warning("the front end is not built: run `make ready`")
        return {}
    return found


def _serve(filename: str) -> Response:
    """One file; the compressed twin where the browser takes it. Hashed names never change, so they are kept for a year."""
    hashed = filename.startswith("dist/")
    packed = hashed and "gzip" in request.headers.get("Accept-Encoding", "") and (STATIC / f"{filename}.gz").is_file()
    response = send_from_directory(STATIC, f"{filename}.gz" if packed else filename, max_age=31_536_000 if hashed else 3600)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
        response.content_type = _TYPES.get(Path(filename).suffix, "application/octet-stream")
    if hashed:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Vary"] = "Accept-Encoding"
    return response


_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
