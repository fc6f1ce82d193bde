"""Is the process alive, is it ready for traffic, and what has it done: for load balancers and Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Flask, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text

from kith_platform import migrate
from kith_platform.plugins import installed_streams
from kith_platform.web.limits import impatient
from kith_platform.web.observe import exposition

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime

log = structlog.get_logger("kith.web")
pages = Blueprint("health", __name__)


@dataclass(frozen=True)
class Check:
    """One thing readiness depends on. `run` raises when it is not well. Not required: ready, but degraded."""

    name: str
    run: Callable[[], object]
    required: bool = True


def of_runtime(runtime: Runtime) -> tuple[Check, ...]:
    """Database and schema are required; without Redis pages and writes go on (jobs wait in their table): degraded."""
    streams = [migrate.CORE_STREAM, *installed_streams()]

    redis = impatient(runtime.redis)

    def database() -> None:
        # Tenant 0 is nobody: the check reads no company's rows.
        with runtime.doors.tenant_scope(0, read_only=True) as session:
            session.execute(text("SELECT 1"))

    def schema() -> None:
        with runtime.doors.tenant_scope(0, read_only=True) as session:
            late = migrate.behind(session.connection(), streams)
        if late:
            raise RuntimeError(f"migrations are not at their head: {', '.join(late)}; run kith migrate")

    return (Check("database", database), Check("schema", schema), Check("redis", redis.ping, required=False))


def install(app: Flask, checks: Sequence[Check]) -> None:
    """Serve /healthz, /readyz and /metrics."""
    app.extensions["kith.checks"] = tuple(checks)
    app.register_blueprint(pages)


@pages.get("/healthz")
def alive() -> Response:
    """200 as long as the process answers at all."""
    return jsonify(status="ok")


@pages.get("/readyz")
def ready() -> Response:
    """200 when each required check passes, else 503; what failed is named, why stands in the log."""
    found = {check.name: _passes(check) for check in current_app.extensions["kith.checks"]}
    required = [check.name for check in current_app.extensions["kith.checks"] if check.required]
    well = all(found[name] for name in required)
    status = "unavailable" if not well else "ok" if all(found.values()) else "degraded"
    response = jsonify(status=status, checks={name: "ok" if good else "failed" for name, good in found.items()})
    response.status_code = 200 if well else 503
    return response


@pages.get("/metrics")
def metrics() -> Response:
    """Counts and times of requests, in Prometheus' text format. Holds no tenant's data."""
    return Response(exposition(), content_type=CONTENT_TYPE_LATEST)


def _passes(check: Check) -> bool:
    try:
        check.run()
    except Exception as error:
        log.warning("not ready", check=check.name, error=str(error))
        return False
    return True
