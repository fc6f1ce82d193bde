"""Cost pools, grades of evidence and buckets, in words."""

from __future__ import annotations

from collections.abc import Mapping

from kith_platform.i18n import N_

POOLS: Mapping[str, str] = {
    "service": N_("Service"),
    "delivery": N_("Delivery"),
    "account": N_("Account management"),
    "acquisition_sales": N_("Winning customers: sales"),
    "acquisition_marketing": N_("Winning customers: marketing"),
    "direct": N_("Direct cost"),
    "project": N_("Project"),
    "other": N_("Other"),
}
GRADES: Mapping[str, str] = {
    "A": N_("A: experiment with a random control group"),
    "B": N_("B: compared with a matched group"),
    "C": N_("C: before and after, season taken out"),
    "D": N_("D: said by those who did it"),
}
BUCKETS: Mapping[str, str] = {
    "cim": N_("Customer interface (CIM)"),
    "cem": N_("Customer experience (CEM)"),
    "csm": N_("Customers’ success (CSM)"),
}
