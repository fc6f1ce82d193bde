"""How each way to a customer's value did beside the others, as facts of the model's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from kith_platform.i18n import N_
from kith_platform.web import locale

WAYS: Mapping[str, Mapping[str, str]] = {
    "purchases": {
        "bgnbd": N_("Purchases by the rhythm (BG/NBD, Gamma-Gamma)"),
        "tweedie": N_("Purchases by trees on all features (Tweedie)"),
    },
    "subscriptions": {
        "hazard": N_("Subscriptions by the chance to stay each month"),
        "kaplan_meier": N_("Subscriptions by how long others with the plan stayed"),
        "last_year": N_("Subscriptions if everybody stayed"),
    },
}


def facts(report: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(label, "mean error, sum against what came") of each way that was tried; none where nothing was."""
    found = []
    for part, rows in (report.get("beside") or {}).items():
        for name, label in WAYS[part].items():
            if (row := rows.get(name)) and row["money_mae"] is not None and row["bias"] is not None:
                said = gettext(
                    "mean error %(error)s, expected for each that came %(bias)s",
                    error=locale.money(row["money_mae"]),
                    bias=locale.number(row["bias"], 2),
                )
                found.append((gettext(label), str(said)))
    return tuple(found)
