"""The dispatcher's statements on the routing columns of every tenant's jobs, through dispatch_scope."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from kith_platform.jobs.claim import LIMITS, LOST, LOST_CODE

# Waiting in Redis per queue, over all tenants. Enough to keep workers busy; the rest waits in its rows, in fair turns.
HANDED_OUT = 100

_ONLY_ONE = text("SELECT pg_try_advisory_xact_lock(hashtext('kith.jobs.routing'))")

# Per tenant and queue as many as the limit leaves room for, oldest first; over tenants in turns: everybody's first job
# comes before anybody's second.
_HAND_OUT = text(
    """
    WITH busy AS (
      SELECT tenant_id, queue, count(*) AS jobs, count(*) FILTER (WHERE state = 'dispatched') AS waiting
      FROM kith.job WHERE finished_at IS NULL AND state IN ('dispatched', 'running') GROUP BY tenant_id, queue
    ), room AS (
      SELECT due.tenant_id, due.queue, limits.most - coalesce(busy.jobs, 0) AS jobs
      FROM (SELECT DISTINCT tenant_id, queue FROM kith.job
            WHERE finished_at IS NULL AND state = 'queued' AND run_after <= now()) due
      JOIN unnest(CAST(:queues AS text[]), CAST(:limits AS int[])) AS limits(queue, most) ON limits.queue = due.queue
      LEFT JOIN busy ON busy.tenant_id = due.tenant_id AND busy.queue = due.queue
    ), fits AS (
      SELECT one.*, row_number() OVER (PARTITION BY one.queue ORDER BY one.turn, one.run_after, one.id) AS place
      FROM (
        SELECT job.*, row_number() OVER (PARTITION BY job.tenant_id, job.queue ORDER BY job.run_after, job.id) AS turn
        FROM room CROSS JOIN LATERAL (
          SELECT tenant_id, id, queue, run_after FROM kith.job
          WHERE tenant_id = room.tenant_id AND queue = room.queue
            AND finished_at IS NULL AND state = 'queued' AND run_after <= now()
          ORDER BY run_after, id LIMIT greatest(room.jobs, 0)
        ) job
      ) one
    ), chosen AS (
      SELECT job.tenant_id, job.id, fits.place FROM kith.job JOIN fits ON fits.tenant_id = job.tenant_id AND fits.id = job.id
      WHERE job.state = 'queued'
        AND fits.place <= :handed_out - coalesce((SELECT sum(waiting) FROM busy WHERE busy.queue = job.queue), 0)
      FOR UPDATE OF job SKIP LOCKED
    ), handed AS (
      UPDATE kith.job SET state = 'dispatched', dispatched_at = now() FROM chosen
      WHERE job.tenant_id = chosen.tenant_id AND job.id = chosen.id
      RETURNING job.tenant_id, job.id, job.queue, job.attempt, chosen.place
    )
    SELECT tenant_id, id, queue, attempt FROM handed ORDER BY queue, place
    """
)

_UNCLAIMED = text(
    """
    SELECT tenant_id, id, queue, attempt, dispatched_at FROM kith.job
    WHERE finished_at IS NULL AND state = 'dispatched' AND dispatched_at < now() - CAST(:grace AS interval)
    """
)

_TAKE_BACK = text(
    """
    UPDATE kith.job SET state = 'queued', dispatched_at = NULL
    WHERE tenant_id = :tenant_id AND id = :id AND state = 'dispatched' AND dispatched_at = :dispatched_at
    """
)

_LOST = text(
    """
    WITH lost AS (
      SELECT tenant_id, id,
        CASE WHEN cancel_requested THEN 'cancelled' WHEN attempt < max_attempts THEN 'queued' ELSE 'failed' END AS state
      FROM kith.job WHERE finished_at IS NULL AND state = 'running' AND lease_until < now() FOR UPDATE SKIP LOCKED
    )
    UPDATE kith.job SET
      state = lost.state,
      run_after = now(),
      lease_until = NULL,
      finished_at = CASE WHEN lost.state = 'queued' THEN NULL ELSE now() END,
      error = CASE WHEN lost.state = 'failed' THEN :words ELSE '' END,
      error_code = CASE WHEN lost.state = 'failed' THEN :code ELSE '' END,
      error_params = CASE WHEN lost.state = 'failed' THEN jsonb_build_object('attempts', job.attempt) ELSE '{}' END
    FROM lost WHERE job.tenant_id = lost.tenant_id AND job.id = lost.id
    RETURNING job.tenant_id, job.id, lost.state
    """
)


@dataclass(frozen=True)
class Routed:
    """A job on its way. `dispatched_at` is set for one that was handed out before and not claimed."""

    tenant_id: int
    job_id: int
    queue: str
    attempt: int
    dispatched_at: dt.datetime | None = None


def hand_out(session: Session) -> list[Routed]:
    """Mark as dispatched what may run now within each tenant's limits, in fair turns; also returns it.

    Empty while another dispatcher decides: two at once would each fill the same room.
    """
    if not session.execute(_ONLY_ONE).scalar_one():
        return []
    found = session.execute(_HAND_OUT, {"queues": list(LIMITS), "limits": list(LIMITS.values()), "handed_out": HANDED_OUT})
    return [Routed(*row) for row in found]


def unclaimed(session: Session, grace: float) -> list[Routed]:
    """What was handed out more than `grace` seconds ago and claimed by nobody."""
    return [Routed(*row) for row in session.execute(_UNCLAIMED, {"grace": dt.timedelta(seconds=grace)})]


def take_back(session: Session, job: Routed) -> None:
    """Queue again a job whose message was lost."""
    session.execute(_TAKE_BACK, {"tenant_id": job.tenant_id, "id": job.job_id, "dispatched_at": job.dispatched_at})


def recover(session: Session) -> list[tuple[int, int, str]]:
    """Queue again, or end, jobs whose holder's lease is over. Returns tenant id, job id and new state of each."""
    return [(row.tenant_id, row.id, row.state) for row in session.execute(_LOST, {"words": LOST, "code": LOST_CODE})]
