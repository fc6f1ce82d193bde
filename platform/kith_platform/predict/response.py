"""Who answers a campaign (domain.md D6): the chance to convert within 14 days of a send, learned from campaigns of the past.

Rows are customers of campaigns to whom something was delivered; the rule to beat is the rate of the customer's RFM cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kith_platform.i18n import N_
from kith_platform.predict import guarded, protocol, sends
from kith_platform.predict.features.contacts import RFM_CELL
from kith_platform.predict.fits import rates
from kith_platform.predict.fits.refusal import FitRefused, Reason
from kith_platform.predict.protocol import Labelled
from kith_platform.predict.training import Evidence, Scored, Trained

RULE = rates.Rule(RFM_CELL.name, sends.CELL_EDGES)
PRIOR = 0.02
PLAIN = ("recency", "orders_365", "net_365")


def train(evidence: Evidence) -> Trained:
    """The protocol of D0 over campaigns. Raises nothing for data that are too few or say nothing: that is a result."""
    question, every = evidence.question, sends.past(evidence)
    reached = ~every.control & every.delivered
    sent = every.where(reached)
    if not sent.customer.size:
        return Trained(ships=False, verdict="no_campaign")
    counted, _ = sent.outcome
    try:
        if sent.customer.size < 3 * protocol.LEAST_JUDGED:
            raise FitRefused(
                Reason.TOO_FEW_CUSTOMERS, "Too few were sent to.", found=sent.customer.size, needed=3 * protocol.LEAST_JUDGED
            )
        split = sends.parts(evidence, every, reached)
        parts = (_labelled(split.train, counted), _labelled(split.validation, counted), _labelled(split.test, counted))
    except FitRefused as refusal:
        return _by_rule(evidence, str(refusal.code), {"found": refusal.found, "needed": refusal.needed})
    suspects = guarded.suspects(*parts[:2], keep=(RULE.feature,))
    try:
        learned, warnings = guarded.learn(
            suspects,
            RULE,
            PLAIN,
            parts,
            seed=question.seed,
            threads=question.threads,
            progress=question.progress,
        )
    except FitRefused as refusal:
        by_rule = _by_rule(evidence, str(refusal.code), {"found": refusal.found, "needed": refusal.needed})
        return replace(by_rule, warnings=(suspects.warning(),) if suspects else ())
    question.progress(85, N_("Scoring every customer"))
    parameters = {
        "window_days": sends.WINDOW_DAYS,
        "counted": counted,
        "campaigns": int(np.unique(sent.campaign).size),
        **split.days(),
    }
    trained = learned.trained(sends.reachable(evidence), parameters)
    return replace(trained, warnings=(*trained.warnings, *warnings))


def _labelled(part: sends.Part, counted: str) -> Labelled:
    outcome = part.sends.converted if counted == "converted" else part.sends.bought
    return Labelled(part.matrix, outcome.astype(np.float64))


def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
    """Scores at the question's cutoff of all who may get the next campaign; None where there is nobody, or was no campaign."""
    if artefact is None and not sends.past(evidence).customer.size:
        return None
    rows = sends.reachable(evidence)
    if not rows.ids.size:
        return None
    otherwise = protocol.fitted_rule(RULE, None, prior=PRIOR)
    return protocol.rescored(rows, artefact, report, otherwise, threads=evidence.question.threads)


def _by_rule(evidence: Evidence, verdict: str, params: Mapping[str, Any]) -> Trained:
    return Trained(ships=False, verdict=verdict, verdict_params=dict(params), scored=rescore(evidence, None, {}))
