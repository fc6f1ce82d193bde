"""Which servers this installation uses: those of the settings, and embedded ones for what the settings leave empty."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import redis

from kith_platform.config import Settings
from kith_platform.i18n import mark as N_  # noqa: N812 - gettext's usual name
from kith_platform.servers.home import Home, ServerError
from kith_platform.servers.postgres import Postgres
from kith_platform.servers.valkey import Valkey


@dataclass(frozen=True)
class ServerUrls:
    """One SQLAlchemy URL per door and duty, and redis-py's. They hold passwords: never log one."""

    app: str  # kith_app
    auth: str  # kith_auth
    dispatch: str  # kith_dispatch
    owner: str | None  # a login that may SET ROLE kith_owner; None: this process is not to migrate
    backup: str | None  # kith_backup; None: this process is not to back up
    superuser: str | None  # only of the embedded server
    redis: str


class Embedded:
    """The servers of one installation. `durable=False` gives up crash safety for speed: tests only."""

    def __init__(self, settings: Settings, *, durable: bool = True) -> None:
        self.settings = settings
        self.home = Home(settings.home)
        self.postgres = Postgres(self.home, durable=durable) if settings.embedded_database else None
        self.valkey = Valkey(self.home, durable=durable) if settings.embedded_redis else None

    def ensure(self) -> ServerUrls:
        """Start what is embedded and does not run; safe from several processes at once. Raises ServerError."""
        urls = self.urls()
        for server in (self.postgres, self.valkey):
            if server is not None:
                server.start()
        return urls

    def urls(self) -> ServerUrls:
        """Where the servers are, whether they run or not. Raises ServerError naming a setting that is missing."""
        known = self.settings
        given = {
            "KITH_DATABASE_URL": known.database_url,
            "KITH_DATABASE_AUTH_URL": known.database_auth_url,
            "KITH_DATABASE_DISPATCH_URL": known.database_dispatch_url,
        }
        missing = [name for name, url in given.items() if not url]
        own = self.postgres
        if missing and (own is None or len(missing) < len(given)):
            raise ServerError(
                N_("A database of your own needs all three of its logins. Set %(names)s too."), names=", ".join(missing)
            )
        superuser = own.superuser_url() if own else None
        return ServerUrls(
            app=own.url("kith_app") if own else known.database_url,
            auth=own.url("kith_auth") if own else known.database_auth_url,
            dispatch=own.url("kith_dispatch") if own else known.database_dispatch_url,
            owner=superuser or known.database_owner_url or None,
            backup=own.url("kith_backup") if own else known.database_backup_url or None,
            superuser=superuser,
            redis=self.valkey.url() if self.valkey else known.redis_url,
        )

    def ready(self) -> bool:
        """Whether every server answers now, the embedded as well as the others."""
        urls = self.urls()
        database = self.postgres.running() if self.postgres else _database_answers(urls.app)
        return database and (self.valkey.running() if self.valkey else _redis_answers(urls.redis))

    def alive(self) -> bool:
        """Whether the embedded servers' processes live; cheap enough to ask each second."""
        return all(server.alive() for server in (self.postgres, self.valkey) if server is not None)

    def down(self) -> None:
        """Stop the embedded servers. No error where none runs."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()


def _database_answers(url: str) -> bool:
    scheme, _, rest = url.partition("://")
    try:
        with psycopg.connect(f"{scheme.partition('+')[0]}://{rest}", connect_timeout=5):
            return True
    except psycopg.Error:
        return False


def _redis_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=5, retry=None) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
