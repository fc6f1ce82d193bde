"""Core's feature sets. Each is an Ibis expression over `frames.before`: it can see only what was known before the cutoff."""

from kith_platform.predict.features.bills import OWN
from kith_platform.predict.features.buying import BUYING
from kith_platform.predict.features.care import CARE
from kith_platform.predict.features.contract import CONTRACT
from kith_platform.predict.features.deals import FEATURES as OF_DEALS
from kith_platform.predict.features.delivery import DELIVERY
from kith_platform.predict.features.leads import FEATURES as OF_LEADS
from kith_platform.predict.features.marketing import MARKETING
from kith_platform.predict.features.paying import PAYING

CORE_FEATURE_SETS = (BUYING, DELIVERY, CARE, MARKETING, PAYING, CONTRACT)
# Of the rows of a fact, not of customers: leads, opportunities, invoices.
SUBJECT_FEATURES = (*OF_LEADS, *OF_DEALS, *OWN)

__all__ = ["BUYING", "CARE", "CONTRACT", "CORE_FEATURE_SETS", "DELIVERY", "MARKETING", "PAYING", "SUBJECT_FEATURES"]
