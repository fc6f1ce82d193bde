"""Returns as documents, for programs."""

from __future__ import annotations

from typing import Any

from kith_platform.returns.figures import Figures, Return
from kith_platform.returns.service import Listed


def figures_document(found: Figures) -> dict[str, Any]:
    """Cost, and the return as claimed and as proven, side by side; money in the company's currency."""
    return {
        "cost": found.cost,
        "claimed": _return(found.claimed),
        "proven": _return(found.proven),
        "coverage": found.coverage,
    }


def _return(found: Return) -> dict[str, Any]:
    return {
        "benefit": found.benefit,
        "roi": found.roi,
        "npv": found.npv,
        "payback_months": found.payback,
        "split": dict(found.split),
    }


def initiative_document(one: Listed) -> dict[str, Any]:
    """An initiative with its figures."""
    row = one.row
    return {
        "id": row.public_id,
        "external_id": row.external_id,
        "source": row.source,
        "name": row.name,
        "owner": row.owner,
        "started_at": row.occurred_at,
        "ends_on": row.ends_on,
        "campaign": row.campaign,
        "criteria_signed_at": row.record_signed_at,
        "criteria_agreed_before_start": one.agreed,
        **figures_document(one.figures),
    }
