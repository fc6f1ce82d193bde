"""What a demo company has agreed with itself: a success criterion for each metric of its scorecards, against months ago."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.auth.models import ACTIVE, Membership
from kith_platform.auth.permissions import OWNER
from kith_platform.auth.who import system
from kith_platform.criteria import service as criteria
from kith_platform.customers.figures import today
from kith_platform.metrics import service as metrics
from kith_platform.modules import service as modules
from kith_platform.plugins import Plugins
from kith_platform.sdk.types import Metric

BETTER = 0.1  # of the baseline; of a ratio, this share of what lacks to the best there is
BACK = 12  # months: the first of them that has a value is the baseline
HALF_YEAR = dt.timedelta(days=182)


def agree(session: Session, plugins: Plugins) -> int:
    """Sign a criterion for each metric that a scorecard of the company's modules counts, that has a direction, a value in a
    former month, and no criterion yet. Returns how many were signed.
    """
    latest = metrics.latest_period(session)
    if latest is None:
        return 0
    on = modules.enabled(session, plugins)
    counted = {key for _plugin, card in plugins.brought("scorecards", on) for part in card.parts for key in part.metrics}
    counted -= {one.key for one in criteria.signed(session)}
    owner = select(Membership.public_id).where(Membership.role == OWNER, Membership.status == ACTIVE).order_by(Membership.id)
    answers_for = str(session.execute(owner.limit(1)).scalar_one())
    signed, known = 0, metrics.series(session, sorted(counted), latest)
    for metric in (one.metric for one in metrics.catalogue(session, plugins) if one.metric.key in counted):
        begun = next(((period, one.value) for period, one in known[metric.key][-BACK:-1] if one and one.value is not None), None)
        target = _better(metric, begun[1]) if begun else None
        if begun is None or target is None or target == begun[1]:
            continue
        given = {
            "key": metric.key,
            "baseline_month": f"{begun[0].start:%Y-%m}",
            "target": repr(target),
            "owner": answers_for,
            "due_on": today(session) + HALF_YEAR,
        }
        criteria.sign(session, system(), criteria.draft(session, system(), plugins, given))
        signed += 1
    return signed


def _better(metric: Metric, baseline: float) -> float | None:
    """A target that a company might set itself; None where no direction is the good one."""
    if metric.better not in {"up", "down"}:
        return None
    if metric.unit in {"ratio", "percent"} and 0 <= baseline <= 1:
        return baseline + BETTER * (1 - baseline) if metric.better == "up" else baseline * (1 - BETTER)
    step = BETTER * abs(baseline)
    return baseline + step if metric.better == "up" else baseline - step
