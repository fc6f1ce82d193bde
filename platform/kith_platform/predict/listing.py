"""Scores as a table, by the ids customers have in their sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.errors import NotFound
from kith_platform.facts.models import CustomerRecord
from kith_platform.i18n import N_
from kith_platform.predict import versions
from kith_platform.predict.models import FactScore, Score
from kith_platform.predict.service import task_of, tasks
from kith_platform.predict.tasks import CUSTOMERS, Kinds

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime
    from kith_tenants.tenant import TenantContext

Told = tuple[Any, str, str, Mapping[str, float] | None]  # a score, its id and source, and further numbers


OWN = "custom:"  # what the task of a company's own question begins with


def scores(
    runtime: Runtime, tenant: TenantContext, key: str, *, horizon_days: int | None = None
) -> tuple[list[str], list[list[Any]]]:
    """Header and rows: customer_id (or lead_id, …) as in the source, source, as_of, value, tier, reasons, then the task's own
    columns.

    A customer known by several records has a row for each. `horizon_days` reads a clv model over another horizon.
    Raises NotFound before the first training.
    """
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        own = key.startswith(OWN)
        task = None if own else task_of(key, tasks(session, runtime.plugins))
        extra = task.extra if task else ()
        if versions.latest(session, key) is None:
            raise NotFound(
                N_("%(model)s has no scores yet. Run `kith train %(company)s %(model)s --wait` first."),
                model=f"--outcome {key.removeprefix(OWN)}" if own else key,
                company=tenant.slug,
            )
        fact = None if task is None or task.subject == CUSTOMERS else runtime.facts.by_plural(task.subject)
        found = _stored(session, key) if fact is None else _of_rows(session, key, runtime.facts.row(fact.name))
    if horizon_days is not None:
        from kith_platform.predict.horizon import ahead

        values = ahead(runtime, tenant, key, horizon_days)
        found = [(row, external, source, values.get(row.customer_id)) for row, external, source, _ in found]  # only clv's
    header = [f"{fact.name if fact else 'customer'}_id", "source", "as_of", "value", "tier", "reasons", *extra]
    kinds = task.kinds if task else None
    return header, [_line(row, external, source, other, extra, kinds) for row, external, source, other in found]


def _of_rows(session: Session, key: str, fact: Any) -> list[Told]:
    statement = (
        select(FactScore, fact.external_id, fact.source)
        .join(fact, fact.id == FactScore.row_id)
        .where(FactScore.task == key)
        .order_by(FactScore.value.desc(), fact.external_id)
    )
    return [(row, external, source, None) for row, external, source in session.execute(statement)]


def _stored(session: Session, key: str) -> list[Told]:
    statement = (
        select(Score, CustomerRecord.external_id, CustomerRecord.source)
        .join(CustomerRecord, CustomerRecord.customer_id == Score.customer_id)
        .where(Score.task == key)
        .order_by(Score.value.desc(), CustomerRecord.external_id)
    )
    return [(row, external, source, None) for row, external, source in session.execute(statement)]


def _line(
    row: Any, external: str, source: str, other: Mapping[str, float] | None, extra: tuple[str, ...], kinds: Kinds | None
) -> list[Any]:
    numbers: dict[str, Any] = {**row.extra, **(other or {})}
    if kinds:  # what people read, not the number it is kept as
        numbers[kinds.extra] = kinds.code(row.extra)
    value = numbers.get("value", row.value)
    reasons = "; ".join(f"{reason['feature']}={reason['value']}" for reason in row.reasons)
    return [external, source, row.as_of.isoformat(), round(value, 6), row.tier, reasons, *(numbers.get(name) for name in extra)]
