"""States of records and of scores, in words."""

from __future__ import annotations

from collections.abc import Mapping

from kith_platform.criteria.models import DRAFT, REPLACED, SIGNED, WITHDRAWN
from kith_platform.i18n import N_

STATES: Mapping[str, str] = {
    DRAFT: N_("Draft"),
    SIGNED: N_("Signed"),
    REPLACED: N_("Replaced"),
    WITHDRAWN: N_("Withdrawn"),
}
TONES: Mapping[str, str] = {DRAFT: "", SIGNED: "good", REPLACED: "", WITHDRAWN: "warn"}

# How far a metric has come: words and the tone of their badge.
PROGRESS: Mapping[str, tuple[str, str]] = {
    "reached": (N_("Target reached"), "good"),
    "better": (N_("Better than at the start"), "accent"),
    "same": (N_("As at the start"), ""),
    "worse": (N_("Worse than at the start"), "bad"),
    "late": (N_("Day is over, target not reached"), "bad"),
    "no_value": (N_("No value yet"), "warn"),
    "not_agreed": (N_("No agreed criteria yet"), ""),
}
