"""How often one address may try. Decorate a view: `@limiter.limit("5 per minute")`."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

limiter = Limiter(get_remote_address, headers_enabled=True, retry_after="delta-seconds")


def impatient(redis: Redis) -> Redis:
    """A client of the same server that gives up at once: a page or a probe never waits seconds for a Redis that is away."""
    pool = redis.connection_pool
    given = {**pool.connection_kwargs, "socket_timeout": 0.5, "retry": Retry(NoBackoff(), 0)}
    return Redis(connection_pool=ConnectionPool(connection_class=pool.connection_class, **given))


def install(app: Flask, redis: Redis | None) -> None:
    """Count in Redis where there is one, so that all web processes share the count; else, or while it is away, in memory."""
    app.config.setdefault("RATELIMIT_IN_MEMORY_FALLBACK_ENABLED", True)
    if redis is None:  # a shell without servers: tests of pages alone
        app.config["RATELIMIT_STORAGE_URI"] = "memory://"
    else:
        app.config["RATELIMIT_STORAGE_URI"] = "redis://"
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {"connection_pool": impatient(redis).connection_pool}
    limiter.init_app(app)
