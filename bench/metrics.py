"""All metrics of a company of 1,000 customers (CPU) and a metric's page (p95); those a refresh keeps of one of 1 M customers and
10 M orders."""

from __future__ import annotations

import resource
import tempfile
import time
import uuid
from pathlib import Path

from browser import signed_in
from placements import DAY, made
from rows import Row, Skipped, p95, say, size
from site_ import company, site

from kith_platform.calendar.business import BusinessCalendar
from kith_platform.config import Settings
from kith_platform.demo.companies import ORDER
from kith_platform.demo.load import load_files
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames import Frames
from kith_platform.jobs.resources import memory_mb, threads
from kith_platform.metrics import service
from kith_platform.metrics.answers import Offered
from kith_platform.metrics.engine import Engine, Wanted
from kith_platform.metrics.now import compute_now
from kith_platform.metrics.periods import covered, month, months
from kith_platform.metrics.scope import Sources
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.runtime import Runtime
from kith_platform.simulator import simulate, write_csv
from kith_platform.snapshots import service as snapshots
from kith_tenants.tenant import TenantContext

ENGINE_MB = 2_048  # of the 4 GB that all of it may take
MODULES = ("analytics_cim", "analytics_cem", "analytics_csm")


def measure() -> list[Row]:
    return [*small(), *large()]


def small() -> list[Row]:
    """Every table of a simulated subscription company; the current month of the whole company with its comparisons."""
    with site() as runtime, tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        tenant = company(runtime)
        with runtime.doors.tenant_scope(tenant.id) as session:
            modules.enable_defaults(session, runtime.plugins, "subscription")
        say("bringing in a company of 1,000 customers with all its facts")
        written = write_csv(simulate("subscription", regime="misspecified", customers=1_000, years=2.5, seed=7), Path(folder))
        names = [*ORDER, *(name for name in written if name not in ORDER)]
        for _table, _said in load_files(runtime, tenant, [(name, written[name]) for name in names if name in written]):
            pass
        snapshots.take(runtime, tenant.id)
        took = sorted(_cpu(runtime, tenant) for _run in range(4))  # the first has imported the libraries
        with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
            keys = [one.metric.key for one in service.catalogue(session, runtime.plugins)]
        page = 1000 * p95(_pages(runtime, tenant, keys))
    return [
        Row(
            name=f"{len(keys)} metrics of 1,000 customers, one month with comparisons, CPU",
            value=took[1],
            unit="s",
            budget="≤ 2 s of CPU",
            met=took[1] <= 2,
        ),
        Row(name="a metric's page, p95", value=page, unit="ms", budget="≤ 100 ms", met=page <= 100),
    ]


def _pages(runtime: Runtime, tenant: TenantContext, keys: list[str]) -> list[float]:
    """Seconds of each metric's page, twice, in turns."""
    _, client = signed_in(runtime, tenant)
    found: list[float] = []
    for address in 3 * [f"/c/{tenant.slug}/metrics/{key}" for key in keys]:
        runtime.redis.flushall()  # the limits of requests; the server is this bench's own
        started = time.perf_counter()
        answer = client.get(address)
        found.append(time.perf_counter() - started)
        if answer.status_code != 200:
            raise Skipped(f"{address} answers {answer.status_code}")
    return found[len(keys) :]  # the first time imports and compiles


def _cpu(runtime: Runtime, tenant: TenantContext) -> float:
    begun = time.process_time()
    compute_now(runtime, tenant, told=lambda _done, _total: None)
    return time.process_time() - begun


def large() -> list[Row]:
    """What a refresh keeps, the 14 months of the whole company, where there are customers and orders."""
    customers, plugins = size(1_000_000), Plugins(strict=True)
    offered = [Offered(plugin, metric, {}) for plugin, metric in plugins.brought("metrics", list(MODULES)) if not metric.above]
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as name:
        folder, settings = Path(name), Settings(home=Path(name))
        say(f"writing {customers} customers with {10 * customers} orders")
        manifest, blobs = made(folder, customers)
        tenant = TenantContext(1, uuid.uuid4(), "bench", "Bench", "", "en", "USD", "UTC", "active")
        catalogue = FactCatalogue()
        use, memory = threads(settings, 1), min(memory_mb(settings), ENGINE_MB)
        begun = time.perf_counter()
        with Frames(manifest, blobs, catalogue, threads=use, memory_mb=memory, scratch=folder / "scratch") as frames:
            sources = Sources(
                frames, tenant, catalogue, until=DAY, calendar=BusinessCalendar(zone="UTC"), scores=lambda _model: None
            )
            last = month(DAY)
            places = list(dict.fromkeys([*months(DAY), *service.comparisons(last, DAY, DAY)]))
            wanted = [Wanted(period, covered(period, DAY, DAY), latest=period == last) for period in places]
            found = Engine(sources, plugins).results(offered, wanted)
        took = time.perf_counter() - begun
    valued = len({one.key for one in found if one.reading.value is not None})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    said = f"metrics kept of {customers} customers, {10 * customers} orders ({valued} with a value)"
    return [
        Row(name=said, value=took, unit="s", reference=None, ratio=None, budget="≤ 180 s", met=took <= 180),
        Row(name=f"{said}: memory", value=peak, unit="GB", reference=None, ratio=None, budget="≤ 4 GB", met=peak <= 4),
    ]
