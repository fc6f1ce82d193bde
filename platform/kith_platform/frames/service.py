"""Opening a snapshot for analytics."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kith_platform.blobs import TenantBlobs
from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.frames.cut import Before, BeforeEach, BeforeTold, Cut, Period
from kith_platform.frames.duck import Duck
from kith_platform.frames.source import Source
from kith_platform.frames.tables import Tables, Told
from kith_platform.jobs import resources
from kith_platform.runtime import Runtime
from kith_platform.snapshots.manifest import Manifest
from kith_tenants.tenant import TenantContext

WEB_THREADS, WEB_MEMORY_MB = 1, 512
Asked = Callable[[Tables, ir.DateScalar], ir.Table]


class Frames:
    """A tenant's facts at one snapshot. `before`, `known`, `before_each`, `during` and `at` are the
    only ways in.

    A context manager. Days are the tenant's; times are UTC. `engine` is `duckdb`; others come with the extra that brings them.
    """

    def __init__(
        self,
        manifest: Manifest,
        blobs: TenantBlobs,
        catalogue: FactCatalogue,
        *,
        threads: int,
        memory_mb: int,
        scratch: Path,
        engine: str = "duckdb",
    ) -> None:
        if engine != "duckdb":
            raise ValueError(f"There is no engine {engine!r} here; use duckdb.")
        self.manifest = manifest
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._scratch = Path(tempfile.mkdtemp(prefix="frames-", dir=scratch))
        self._engine = Duck(blobs, threads=threads, memory_mb=memory_mb, scratch=self._scratch)
        self._source = Source(manifest, catalogue, self._engine)
        self._kept = itertools.count(1)
        self.views = True
        self._tables = cache(self._made)
        self._asked = cache(self._written)

    def __enter__(self) -> Frames:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._engine.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    @cached_property
    def last_day(self) -> dt.date:
        """The tenant's day of the last thing that happened with a customer, at most the day of reading; that day without any."""
        read_on = self.manifest.read_at.astimezone(ZoneInfo(self.manifest.timezone)).date()
        return self._source.last_day(read_on) or read_on

    def any(self, plural: str) -> bool:
        """Whether there may be rows of the fact. Raises KeyError where no fact is called so."""
        return self._source.any(self._source.catalogue.by_plural(plural).name)

    @contextmanager
    def keeping(self) -> Iterator[Callable[[ir.Table], ir.Table]]:
        """Gives a function that computes a table of these frames now and keeps it in the engine, until the block ends."""
        names: list[str] = []

        def keep(rows: ir.Table) -> ir.Table:
            names.append(f"kept_{next(self._kept)}")
            return self._engine.keep(names[-1], rows)

        try:
            yield keep
        finally:
            for name in names:
                self._engine.forget(name)

    def before(self, cutoff: dt.datetime | dt.date) -> Tables:
        """What was known before the cutoff; a date means the start of that day. `--as-of D` is `before(D + 1 day)`.

        Raises ValueError for a time without a zone.
        """
        return self._tables(Before.of(cutoff, self.manifest.timezone))

    def known(self, asked: Asked, cutoff: dt.date) -> pa.Table:
        """The rows of `asked(tables, day)` as they were known before the start of the day `cutoff`. What is asked of many days is
        written once: `day` is an Ibis scalar, and so are the tables' days.
        """
        if not self.views:
            tables = self.before(cutoff)
            return tables.run(asked(tables, ibis.literal(cutoff)))
        return self._engine.run(self._asked(asked), Before.of(cutoff, self.manifest.timezone))

    def _written(self, asked: Asked) -> ir.Table:
        tables = Told(self._source, BeforeTold())
        return self._engine.view("asked", asked(tables, BeforeTold().on))

    def before_each(self, days: Sequence[dt.date]) -> Tables:
        """What was known before the start of each of the days: facts (not what is derived of them) with `look`, the day, and
        `look_at`, its start. A row comes once for each day before which it had happened.
        """
        return Tables(self._source, BeforeEach(tuple(Before.of(day, self.manifest.timezone) for day in days)), views=False)

    def during(self, start: dt.date, end: dt.date) -> Tables:
        """What happened on the days [start, end), with all that is known now. Raises ValueError where end ≤ start."""
        return self._tables(Period.of(start, end, self.manifest.timezone))

    def at(self, day: dt.date) -> Tables:
        """Everything up to and including the day, with all that is known now."""
        return self._tables(Period.of(None, day + dt.timedelta(days=1), self.manifest.timezone))

    def _made(self, cut: Cut) -> Tables:
        return Tables(self._source, cut, views=self.views)


def open_frames(runtime: Runtime, tenant: TenantContext, manifest: Manifest, *, threads: int = 0, memory_mb: int = 0) -> Frames:
    """Open a tenant's snapshot. 0 threads or megabytes: what settings give a job that runs alone.

    Web processes give WEB_THREADS and WEB_MEMORY_MB. Raises ValueError for another tenant's snapshot.
    """
    if manifest.tenant_id != tenant.id:
        raise ValueError(f"snapshot {manifest.public_id} is not one of {tenant.slug}")
    return Frames(
        manifest,
        runtime.blobs.of(tenant.id),
        runtime.facts,
        threads=threads or resources.threads(runtime.settings, 1),
        memory_mb=memory_mb or resources.memory_mb(runtime.settings),
        scratch=runtime.settings.home / "scratch",
    )
