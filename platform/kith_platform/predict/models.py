"""What training leaves behind: versions of models, and the scores of the champion."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from kith_tenants.schema import Access, Addressed, TenantRow

CHAMPION, RETIRED, BASELINE, NOT_TRAINED = "champion", "retired", "baseline", "not_trained"


class ModelVersion(Addressed, TenantRow):
    """One training of one task.

    `state`: champion (serves), retired (served before), baseline (trained, no better, so the rule serves) or not_trained.
    `verdict` is a code with `verdict_params`; the words are made where people read them. `watermark` is the read time of the
    snapshot; `as_of` the last day counted in. `sha256` and `hmac` seal `artefact`: a flipped byte or another tenant's file is
    refused before it is parsed.
    """

    __tablename__ = "model_version"
    __table_args__ = (
        UniqueConstraint("tenant_id", "public_id"),
        UniqueConstraint("tenant_id", "task", "version"),
        Index("uq_model_version_champion", "tenant_id", "task", unique=True, postgresql_where=text("state = 'champion'")),
    )

    task: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]
    tier: Mapped[str] = mapped_column(server_default="")
    verdict: Mapped[str]
    verdict_params: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    as_of: Mapped[dt.date]
    watermark: Mapped[dt.datetime]
    snapshot: Mapped[str]
    seed: Mapped[int]
    library: Mapped[str] = mapped_column(server_default="")
    features: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    parameters: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    metrics: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    report: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    warnings: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    sha256: Mapped[str] = mapped_column(server_default="")
    hmac: Mapped[str] = mapped_column(server_default="")
    size: Mapped[int] = mapped_column(server_default="0")
    artefact: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    job_id: Mapped[int | None]
    trained_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class Score(TenantRow):
    """What the serving model says of one customer. `value` is a probability (churn) or money in the tenant's currency (clv).

    `extra` holds a task's further numbers (p_alive, expected_purchases, months_staying); `reasons` the top three, as feature,
    value and effect, made into sentences where people read them. `band` counts tenths of customers, 1 the highest values.
    """

    __tablename__ = "score"
    # With the band in the index, who is in a tenth is counted without the rows, which are wide.
    __table_args__ = (
        Index("ix_score_task_value_band", "tenant_id", "task", "value", "customer_id", postgresql_include=["band"]),
    )

    task: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]
    band: Mapped[int]
    tier: Mapped[str]
    as_of: Mapped[dt.date]
    version: Mapped[int]
    extra: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    reasons: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class FactScore(TenantRow):
    """What the serving model says of one row of a fact: a lead, an opportunity, an invoice. As `Score`.

    `subject` is the fact's plural. `extra` holds expected_value (leads) or expected_loss (invoices), money in the tenant's
    currency; `band` counts tenths by what the task ranks by. A row that is over loses its score with the next refresh.
    """

    __tablename__ = "fact_score"
    __table_args__ = (Index("ix_fact_score_task_value", "tenant_id", "task", "value", "row_id"),)

    task: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    subject: Mapped[str]
    value: Mapped[float]
    band: Mapped[int]
    tier: Mapped[str]
    as_of: Mapped[dt.date]
    version: Mapped[int]
    extra: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    reasons: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class ModelWatch(TenantRow):
    """What became of a version after its training. `kind` says what was looked at, `day` when:

    `stability`: on the Monday of a week, how far features and scores had moved (`fits.stability.against`), with `as_of`.
    `matured`: on the first of a month, its scores of then (`ScoreMonth`) against what came; `state` is waiting, judged or few.
    `fallback`: on the first of the last month that was judged, the rule took over, and why.
    """

    __tablename__ = "model_watch"

    task: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    numbers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    noted_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class FactScoreMonth(TenantRow):
    """What the score of a fact's row was when a month began, to be held against what came. `month` is its first day."""

    __tablename__ = "fact_score_month"
    __table_args__ = {"info": {"access": Access(app="SELECT, INSERT, DELETE")}}  # noqa: RUF012

    task: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[dt.date] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    subject: Mapped[str]
    value: Mapped[float]


class ScoreMonth(TenantRow):
    """What a score was when a month began: lists that are kept by month, and what became of the value of the same customers.

    `month` is its first day. `expected` is how many purchases the value stands for, where the model says so.
    """

    __tablename__ = "score_month"
    __table_args__ = {"info": {"access": Access(app="SELECT, INSERT, DELETE")}}  # noqa: RUF012

    task: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[dt.date] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]
    expected: Mapped[float | None]
