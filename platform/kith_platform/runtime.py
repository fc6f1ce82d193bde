"""The composition root: everything a process of Kith holds, opened once and passed on."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from kith_platform import migrate
from kith_platform.blobs import Blobs
from kith_platform.config import Settings
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.plugins import Plugins, installed_streams
from kith_platform.servers.embedded import Embedded, ServerUrls
from kith_tenants.doors import DatabaseUrls, Doors
from kith_tenants.schema import ROLES


@dataclass(frozen=True)
class Runtime:
    """What services, pages, commands and jobs are given. `redis` may be flushed at any moment: it holds no truth."""

    settings: Settings
    urls: ServerUrls
    doors: Doors
    redis: Redis
    blobs: Blobs
    plugins: Plugins
    facts: FactCatalogue
    secret_key: str
    model_key: str

    def close(self) -> None:
        self.doors.dispose()
        self.redis.close()


def bring_to_head(servers: Embedded) -> list[str]:
    """Start what is embedded and migrate where this process may. Returns what was done, in words."""
    urls = servers.ensure()
    if urls.owner is None:
        return []
    passwords = {role.name: servers.postgres.password(role.name) for role in ROLES} if servers.postgres else {}
    return migrate.migrate(urls.owner, [migrate.CORE_STREAM, *installed_streams()], passwords)


def open_runtime(settings: Settings, *, durable: bool = True) -> Runtime:
    """Start embedded servers where needed, bring the schema to head where this process may, and open the doors.

    Raises ServerError, MigrationProblem, or TooPowerful when a login is not bound by row level security.
    """
    servers = Embedded(settings, durable=durable)
    bring_to_head(servers)
    urls = servers.urls()
    plugins = Plugins(strict=settings.plugins_strict, trace=settings.plugins_trace)
    doors = Doors(DatabaseUrls(app=urls.app, auth=urls.auth, dispatch=urls.dispatch), pool_size=settings.web_threads + 2)
    doors.refuse_power()
    return Runtime(
        settings=settings,
        urls=urls,
        doors=doors,
        redis=Redis.from_url(urls.redis),
        blobs=Blobs(settings.blob_url or servers.home.blobs.as_uri()),
        plugins=plugins,
        facts=FactCatalogue(plugins.facts()),
        secret_key=settings.secret_key or servers.home.secret_key,
        model_key=servers.home.model_key,
    )
