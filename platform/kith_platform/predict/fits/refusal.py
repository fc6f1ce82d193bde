"""Why a model was not fitted, with the figures that say how much is missing."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Codes are stable: pages translate by code, logs show the English sentence."""

    EMPTY = "empty"
    INVALID = "invalid"
    TOO_FEW_CAMPAIGNS = "too_few_campaigns"
    TOO_FEW_CUSTOMERS = "too_few_customers"
    TOO_FEW_REPEAT_BUYERS = "too_few_repeat_buyers"
    TOO_FEW_VALUES = "too_few_values"
    NO_VARIATION = "no_variation"
    ONE_CLASS = "one_class"
    NOT_CONVERGED = "not_converged"
    UNREADABLE = "unreadable"


class FitRefused(ValueError):
    """Data from which no sensible model follows.

    `code` is one of `Reason`; `found` and `needed` give the exact shortfall where there is one (counts, no unit).
    """

    def __init__(self, code: Reason, message: str, *, found: float | None = None, needed: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.found = found
        self.needed = needed
