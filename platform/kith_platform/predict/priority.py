"""Whom to win back first (domain.md D7): what a contact may be expected to bring.

Uplift times the worth of a second life where a model of uplift serves: it is known of everybody who may be contacted, so who is
missing there is worth nothing to write to. Else the chance of coming back times that worth. A second life is taken to be worth
what the twelve months before leaving were: what returners bring is not known of enough of them. No fact notes what one contact
costs, so no cost is taken off; as it is the same for all, the order is the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kith_platform.predict.evidence import Floats, Ids, PurchaseDays
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.training import Evidence

YEAR, MONTHS = 365, 12


def expected(evidence: Evidence, rows: Matrix, chances: Floats) -> Mapping[str, Floats]:
    """`expected_value` of rows and their chances of coming back, (n,), money in the tenant's currency."""
    uplift = evidence.said("uplift")
    moved = np.array([uplift.get(customer, 0.0) for customer in rows.ids.tolist()]) if uplift else chances
    return {"expected_value": moved * worth(evidence, rows)}


def worth(evidence: Evidence, rows: Matrix) -> Floats:
    """Net of each one's last twelve months as a customer, up to the last purchase; the fees of a year where those are more (n,).

    The more of the two, not their sum: a fee may stand among the orders, too.
    """
    question = evidence.question
    net = last_year(PurchaseDays.known(question.frames, question.cutoff), rows.ids)
    if "contract_monthly" not in rows.names:
        return net
    return np.asarray(np.fmax(net, MONTHS * rows.column("contract_monthly")))


def last_year(purchases: PurchaseDays, customers: Ids) -> Floats:
    """Net of the YEAR days that end with each customer's last purchase day, zero for who never bought; customers ascending."""
    ids, last = np.unique(purchases.customer[::-1], return_index=True)
    newest = purchases.day[::-1][last]
    recent = purchases.day > newest[np.searchsorted(ids, purchases.customer)] - YEAR
    own = PurchaseDays(purchases.customer[recent], purchases.day[recent], purchases.net[recent])
    return own.totals(customers)[1]
