"""The job row, which is the truth about a job, and the schedules that ask for jobs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kith_platform.jobs.states import CANCELLED, DISPATCHED, DONE, FAILED, QUEUED, QUEUES, RUNNING, STATES
from kith_tenants.schema import Access, Addressed, Numbered, TenantRow

__all__ = ["CANCELLED", "DISPATCHED", "DONE", "FAILED", "QUEUED", "QUEUES", "RUNNING", "STATES", "Job", "Schedule"]

ACTIVE = "finished_at IS NULL"  # of the job row: queued, dispatched or running


class Job(Addressed, TenantRow):
    """One piece of work. `attempt` counts claims and is the fencing number: only its holder may commit.

    Times are the database's. `asked_by` is a membership, None the system. `error` and `progress_message` are English
    msgids with their parameters beside them. `worker` is `host:pid` of the process that holds the lease.
    """

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        Index("uq_job_dedupe", "tenant_id", "kind", "dedupe_key", unique=True, postgresql_where=text(ACTIVE)),
        Index(
            "ix_job_active",
            "tenant_id",
            "queue",
            "run_after",
            "id",
            postgresql_include=["state"],
            postgresql_where=text(ACTIVE),
        ),
        Index("ix_job_unseen", "tenant_id", "asked_by", "id", postgresql_where=text("NOT seen")),
        {
            "info": {
                "access": Access(
                    dispatch_read=(
                        "tenant_id",
                        "id",
                        "queue",
                        "state",
                        "attempt",
                        "max_attempts",
                        "run_after",
                        "dispatched_at",
                        "lease_until",
                        "finished_at",
                        "cancel_requested",
                    ),
                    dispatch_write=(
                        "state",
                        "run_after",
                        "dispatched_at",
                        "lease_until",
                        "finished_at",
                        "error",
                        "error_params",
                        "error_code",
                    ),
                )
            }
        },
    )

    kind: Mapped[str]
    queue: Mapped[str]
    args: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(server_default=QUEUED)
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    max_attempts: Mapped[int] = mapped_column(server_default=text("3"))
    dedupe_key: Mapped[str | None]
    asked_by: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    run_after: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    dispatched_at: Mapped[dt.datetime | None]
    lease_until: Mapped[dt.datetime | None]
    worker: Mapped[str | None]
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    progress_done: Mapped[int] = mapped_column(server_default=text("0"))
    progress_total: Mapped[int | None]
    progress_message: Mapped[str] = mapped_column(server_default="")
    progress_params: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    error: Mapped[str] = mapped_column(server_default="")
    error_params: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    error_code: Mapped[str] = mapped_column(server_default="")
    result: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    cancel_requested: Mapped[bool] = mapped_column(server_default=text("false"))
    seen: Mapped[bool] = mapped_column(server_default=text("false"))


class Schedule(Numbered, TenantRow):
    """Asks for a job again and again. `rule` is `{"daily": "02:30"}` in the tenant's zone or `{"every": seconds}`."""

    __tablename__ = "schedule"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "name"),
        {
            "info": {
                "access": Access(dispatch_read=("tenant_id", "id", "next_at", "enabled")),
            }
        },
    )

    kind: Mapped[str]
    name: Mapped[str] = mapped_column(server_default="")
    args: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    rule: Mapped[dict[str, Any]]
    next_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime | None]
    plugin: Mapped[str] = mapped_column(server_default="")
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
