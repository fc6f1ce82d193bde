"""A Kith of its own for one bench: a temporary home with embedded servers, filled by SQL, gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from kith_platform.config import Settings
from kith_platform.runtime import Runtime, open_runtime
from kith_platform.servers.embedded import Embedded
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

SOURCE = "bench"


@contextmanager
def site() -> Iterator[Runtime]:
    """Servers as `kith up` starts them, in a home that is removed."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        settings = Settings(home=Path(folder), log_level="error")
        try:
            runtime = open_runtime(settings)
            try:
                yield runtime
            finally:
                runtime.close()
        finally:
            Embedded(settings).down()


def company(runtime: Runtime, slug: str = "bench") -> TenantContext:
    with runtime.doors.auth_scope() as session:
        return registry.create(session, slug, name=slug.title())


@contextmanager
def superuser(runtime: Runtime) -> Iterator[psycopg.Connection]:
    """Past every policy: for filling, and as the reference that row level security is compared with."""
    assert runtime.urls.superuser is not None
    url = make_url(runtime.urls.superuser).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True, options="-c timezone=UTC -c transaction_timeout=0") as connection:
        yield connection


def fill_customers(runtime: Runtime, tenant_id: int, count: int) -> None:
    """`count` customers with one record, a name's token and two scores each."""
    with superuser(runtime) as connection:
        given = {"t": tenant_id, "n": count, "source": SOURCE}
        connection.execute(
            """INSERT INTO kith.customer (tenant_id, name, email, country)
               SELECT %(t)s, 'Person ' || lpad(((i * 7919) %% %(n)s)::text, 8, '0'), 'p' || i || '@example.com',
                 (ARRAY['CN', 'DE', 'FR', 'GB', 'US'])[1 + i %% 5] FROM generate_series(1, %(n)s::bigint) i""",
            given,
        )
        connection.execute(
            """INSERT INTO kith.customer_record (tenant_id, source, external_id, name, customer_id)
               SELECT tenant_id, %(source)s, 'C' || id, name, id FROM kith.customer WHERE tenant_id = %(t)s""",
            given,
        )
        connection.execute(
            """INSERT INTO kith.customer_token (tenant_id, token, customer_id)
               SELECT tenant_id, substr(name, 8), id FROM kith.customer WHERE tenant_id = %(t)s""",
            given,
        )
        connection.execute(
            """INSERT INTO kith.score (tenant_id, task, customer_id, value, band, tier, as_of, version)
               SELECT tenant_id, task, id, random(), 1 + (id %% 10), 'xgboost', current_date, 1
               FROM kith.customer, unnest(ARRAY['churn', 'clv']) task WHERE tenant_id = %(t)s""",
            given,
        )


def fill_orders(runtime: Runtime, tenant_id: int, count: int) -> None:
    """`count` orders over the last three years, each of one of the tenant's records."""
    with superuser(runtime) as connection:
        connection.execute(
            """INSERT INTO kith.sales_order (tenant_id, source, external_id, record_id, occurred_at, occurred_on, net, currency,
                 known_at)
               SELECT %(t)s, %(source)s, 'O' || i, first + (i * 7919) %% records,
                 at, at::date, 1 + (i %% 30000) / 100.0, 'USD', at
               FROM generate_series(1, %(n)s::bigint) i,
                 (SELECT min(id) AS first, count(*) AS records FROM kith.customer_record WHERE tenant_id = %(t)s) known,
                 LATERAL (SELECT date_trunc('minute', now()) - ((i * 104729) %% 1500000) * interval '1 minute' AS at) day""",
            {"t": tenant_id, "n": count, "source": SOURCE},
        )


def analyse(runtime: Runtime) -> None:
    """Tell the planner what was filled, as autovacuum would within a minute."""
    with superuser(runtime) as connection:
        connection.execute("VACUUM ANALYZE")
