"""A company whose truth is known, as models are tried on it; and a tenant that brings such a company's files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from kith_platform.demo.companies import ORDER
from kith_platform.frames import Frames
from kith_platform.imports import service as imports
from kith_platform.imports import uploads
from kith_platform.jobs.child import run_job
from kith_platform.jobs.models import Job
from kith_platform.predict import service as predict
from kith_platform.predict.evidence import PurchaseDays
from kith_platform.predict.training import Evidence, Question
from kith_platform.runtime import Runtime
from kith_platform.sdk.types import FeatureSet
from kith_platform.simulator import Company, write_csv
from kith_tenants.tenant import TenantContext


@dataclass(frozen=True)
class Known:
    """A company whose truth is known, its frames, and what a training asks of them."""

    company: Company
    frames: Frames
    question: Question
    purchases: PurchaseDays
    sets: Sequence[FeatureSet]

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.question, self.sets, lambda: self.purchases)

    def question_at(self, as_of: dt.date) -> Question:
        """The same question of an earlier day."""
        return replace(self.question, as_of=as_of)

    def ids(self, customers: NDArray[np.int64]) -> list[str]:
        """The truth's names of customers."""
        return [str(self.company.truth.customer_ids[number - 1]) for number in customers]


class Customer:
    """A tenant to which a test brings files and of which it asks for trainings, as the demo companies do."""

    def __init__(self, runtime: Runtime, tenant: TenantContext, folder: Path) -> None:
        self.runtime, self.tenant, self.folder = runtime, tenant, folder

    def bring(self, company: Company, tables: Sequence[str] = ORDER) -> None:
        files = write_csv(company, self.folder)
        for table in tables:
            if table in files:
                self.load(table, files[table])

    def load(self, table: str, path: Path) -> Job:
        blobs = self.runtime.blobs.of(self.tenant.id)
        with path.open("rb") as stream:
            kept = uploads.keep_file(blobs, stream)

        def ask(session: Session) -> Job:
            seen = imports.look(session, self.runtime.facts, blobs, kept[0], table, source="demo")
            return imports.start(session, None, table=table, source="demo", file_name=path.name, kept=kept, seen=seen)[1]

        return self.run(ask)

    def train(self, *models: str, as_of: dt.date | None = None, seed: int = 1) -> dict[str, Any]:
        """By model: what a training says of it."""
        done = self.run(partial(predict.ask_training, actor=None, keys=models, as_of=as_of, seed=seed))
        found: dict[str, Any] = (done.result or {})["models"]
        return found

    def run(self, ask: Callable[[Session], Job]) -> Job:
        """Ask for a job and run it here; its row once it is done."""
        with self.runtime.doors.tenant_scope(self.tenant.id) as session:
            asked = ask(session)
        run_job(self.runtime, self.tenant.id, asked.id, unrouted=True)
        with self.runtime.doors.tenant_scope(self.tenant.id, read_only=True) as session:
            done = session.get_one(Job, (self.tenant.id, asked.id))
        assert done.state == "done", (done.error, done.error_params)
        return done


Written = Callable[..., AbstractContextManager[Known]]
NewCustomer = Callable[[Company], Customer]
Told = Callable[[str, object], None]
