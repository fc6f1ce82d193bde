"""Companies whose truth is known: written as a snapshot would be, or brought in as a customer would do it."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "jobs"))
sys.path.insert(0, str(Path(__file__).parent))

from known_companies import Customer, Known, NewCustomer, Told, Written
from written_companies import Tables, frames_of

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.predict.evidence import PurchaseDays
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.training import Question
from kith_platform.runtime import Runtime
from kith_platform.simulator import Company, simulate
from kith_tenants import registry

ENDS = dt.date(2026, 6, 30)


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    return Plugins()


@pytest.fixture(scope="session")
def written(plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """`with written("retailer", "misspecified", 3000) as known:` with core's features and those of every module."""
    brought = [found for _, found in plugins.brought("feature_sets", plugins.loaded)]

    @contextmanager
    def write(
        kind: str, regime: str, customers: int, *, seed: int = 7, years: float = 3.0, company: Company | None = None,
        tables: Tables | None = None, threads: int = 1,
    ) -> Iterator[Known]:  # fmt: skip
        made = company or simulate(kind, regime=regime, customers=customers, years=years, seed=seed, ends_on=ENDS)  # type: ignore[arg-type]
        folder = tmp_path_factory.mktemp("company")
        with frames_of(made, folder, FactCatalogue(plugins.facts()), tables=tables, threads=threads) as frames:
            tables_now = frames.at(frames.last_day)
            purchases = PurchaseDays.of(tables_now.run(tables_now.purchases))
            question = Question(frames=frames, as_of=frames.last_day, seed=1, threads=threads)
            yield Known(made, frames, question, purchases, (*CORE_FEATURE_SETS, *brought))

    return write


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Told:
    """Says a figure: on the terminal with -s, and in a report of the run."""

    def tell(name: str, value: object) -> None:
        request.node.user_properties.append((name, str(value)))  # whatever it is, it travels between processes of the run
        print(f"  {name}: {value:.4f}" if isinstance(value, float) else f"  {name}: {value}")  # noqa: T201

    return tell


@pytest.fixture(scope="module")
def customer_like(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> NewCustomer:
    """A new tenant with a simulated company's settings; nothing is brought yet. Retail's module is on."""

    def make(company: Company) -> Customer:
        folder = tmp_path_factory.mktemp("files")
        with runtime.doors.auth_scope() as session:
            tenant = registry.create(
                session,
                f"p-{folder.name.rstrip('_')}-{id(company):x}",
                name="Known company",
                industry=company.industry,
                currency=company.currency,
                timezone=company.time_zone,
            )
        with runtime.doors.tenant_scope(tenant.id) as session:
            modules.enable_defaults(session, runtime.plugins, tenant.industry)
        return Customer(runtime, tenant, folder)

    return make
