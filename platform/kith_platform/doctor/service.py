"""The examination of an installation: servers, roles, migrations, plugins, references, queue. Starts the embedded servers
and brings the schema to head where it may, as every command does; changes nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import and_, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from kith_platform import migrate
from kith_platform.config import Settings
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.jobs.models import FAILED, RUNNING, Job
from kith_platform.plugins import Plugins, installed_streams
from kith_platform.runtime import bring_to_head
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.servers.embedded import Embedded, ServerUrls
from kith_platform.servers.home import ServerError
from kith_tenants import registry
from kith_tenants.doors import DatabaseUrls, Doors
from kith_tenants.roles import TooPowerful
from kith_tenants.tenant import TenantContext

WAITED_LONG = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found, and what to do where it is not well."""

    name: str
    ok: bool
    found: str
    do: str = ""


def examine(settings: Settings) -> list[Check]:
    """Everything, in an order in which the first failure explains the later ones."""
    plugins = Plugins()
    try:
        servers = Embedded(settings)
        bring_to_head(servers)
        urls = servers.urls()
    except (ServerError, OSError, DBAPIError, migrate.MigrationProblem) as error:
        return [Check("servers", False, str(error), "Mend this first; nothing else could be looked at."), _plugins(plugins)]
    doors = Doors(DatabaseUrls(app=urls.app, auth=urls.auth, dispatch=urls.dispatch), pool_size=1)
    try:
        return list(_with_servers(doors, urls, plugins))
    finally:
        doors.dispose()


def _with_servers(doors: Doors, urls: ServerUrls, plugins: Plugins) -> Iterator[Check]:
    yield _servers(doors, urls)
    yield _roles(doors)
    schema = _migrations(doors)
    yield schema
    yield _plugins(plugins)
    if schema.ok:
        with doors.auth_scope() as session:
            companies = list(registry.every(session))
        yield _references(doors, companies, FactCatalogue(plugins.facts()))
        yield _queue(doors)


def _servers(doors: Doors, urls: ServerUrls) -> Check:
    try:
        with doors.tenant_scope(0, read_only=True) as session:
            number = session.execute(select(func.current_setting("server_version"))).scalar_one()
    except DBAPIError as error:
        return Check("servers", False, f"PostgreSQL does not answer: {error.orig}", "Start it, or mend KITH_DATABASE_URL.")
    try:
        Redis.from_url(urls.redis, socket_timeout=5).ping()
    except RedisError as error:
        return Check("servers", False, f"Redis does not answer: {error}", "Start it, or mend KITH_REDIS_URL. Nothing is lost.")
    return Check("servers", True, f"PostgreSQL {number} and Redis answer")


def _roles(doors: Doors) -> Check:
    try:
        doors.refuse_power()
    except (TooPowerful, DBAPIError) as error:
        return Check("roles", False, str(error), "Give Kith logins of the roles kith_app, kith_auth and kith_dispatch.")
    return Check("roles", True, "row level security holds every login")


def _migrations(doors: Doors) -> Check:
    streams = [migrate.CORE_STREAM, *installed_streams()]
    try:
        with doors.tenant_scope(0, read_only=True) as session:
            late = migrate.behind(session.connection(), streams)
    except DBAPIError as error:
        return Check("migrations", False, f"the schema cannot be read: {error.orig}", "Run: kith migrate")
    if late:
        return Check("migrations", False, f"behind their code: {', '.join(late)}", "Run: kith migrate")
    return Check("migrations", True, f"{', '.join(stream.name for stream in streams)} at their heads")


def _plugins(plugins: Plugins) -> Check:
    if plugins.left_out:
        found = "; ".join(f"{one.name} is left out: {one.reason}" for one in plugins.left_out)
        return Check("plugins", False, found, "Install a version that fits, or uninstall it, and restart Kith.")
    return Check("plugins", True, f"{', '.join(plugins.names()) or 'none'} loaded")


def _references(doors: Doors, companies: list[TenantContext], facts: FactCatalogue) -> Check:
    """Bulk facts have no foreign keys, so what they point to is looked for here."""
    found = []
    for company in companies:
        with doors.tenant_scope(company.id, read_only=True) as session:
            found += [f"{company.slug}: {count} {words}" for words, count in orphans(session, facts) if count]
    if found:
        return Check("references", False, "; ".join(found), "Import the files anew that hold the missing rows.")
    return Check("references", True, f"every row of {len(companies)} companies finds what it points to")


def orphans(session: Session, facts: FactCatalogue) -> Iterator[tuple[str, int]]:
    """(words, count) per reference of a fact: how many rows of the tenant point to a row that is not there."""
    for fact in facts:
        own = facts.row(fact.name)
        for column, target in _pointers(fact):
            other = aliased(facts.row(target))
            pointer = getattr(own, column)
            there = select(other.id).where(and_(other.tenant_id == own.tenant_id, other.id == pointer)).exists()
            count = session.execute(select(func.count()).select_from(own).where(pointer.is_not(None), ~there)).scalar_one()
            yield f"{fact.plural} without their {target}", count


def _pointers(fact: Fact) -> Iterator[tuple[str, str]]:
    if fact.of_customer:
        yield "record_id", "customer_record"
    yield from ((column.stored_as, column.to) for column in fact.columns if column.kind is Kind.REFERENCE)


def _queue(doors: Doors) -> Check:
    job = Job.__table__.c
    late = job.finished_at.is_(None) & (job.state != RUNNING) & (job.run_after < func.now() - WAITED_LONG)
    counts = select(func.count().filter(late), func.count().filter(job.state == FAILED))
    with doors.dispatch_scope() as session:
        waiting, failed = session.execute(counts).one()
    words = f"{failed} failed jobs are kept to look at"
    if waiting:
        found = f"{waiting} jobs have waited for more than {WAITED_LONG.seconds // 60} minutes; {words}"
        return Check("queue", False, found, "Start dispatcher and workers: kith up, or the deployments of your cluster.")
    return Check("queue", True, f"nothing waits for long; {words}")
