"""What may be imported, in plain words, and a small file of each kind to begin with."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kith_platform.errors import NotFound
from kith_platform.facts.contact import CONTACT
from kith_platform.facts.insights import INSIGHTS
from kith_platform.facts.opinions import OPINIONS
from kith_platform.facts.returns import RETURNS
from kith_platform.facts.sales import SALES
from kith_platform.facts.stakeholders import STAKEHOLDERS
from kith_platform.facts.success import SUCCESS
from kith_platform.facts.tickets import TICKETS
from kith_platform.i18n import N_
from kith_platform.imports import layouts
from kith_platform.sdk.facts import Column, Fact, Kind

if TYPE_CHECKING:
    from kith_platform.facts.catalogue import FactCatalogue

WORDS = {
    "customers": N_("One line per customer: number, name, e-mail, phone, city."),
    "orders": N_("One line per order, or one per order line with its products and prices."),
    "order_lines": N_("The products of orders that are imported already."),
    "products": N_("One line per product: number, name, category, price."),
    "returns": N_("Goods that came back, with the refund."),
    "invoices": N_("Invoices with amount, date and due day."),
    "payments": N_("What was paid, and what failed to be."),
    "subscriptions": N_("One line per subscription as it stands: start, end, plan, amount. Kith makes its events of it."),
    "subscription_events": N_("Subscriptions as they start, renew, change and end."),
    "tickets": N_("Questions and complaints to your service, with their ratings."),
    "survey_responses": N_("Answers to NPS, satisfaction and other surveys."),
    "activities": N_("Calls, meetings and visits."),
    "events": N_("What customers did: visits, logins, downloads."),
    "touches": N_("Who got which campaign, and what came of it."),
    "consents": N_("Who may be written to, and who may not."),
    "fx_rates": N_("What one unit of another currency is worth in yours, by day."),
    "attribute_changes": N_("How a customer's own fields changed over time."),
    "referrals": N_("Who brought whom to you, and when."),
    "order_statuses": N_("When orders were paid, shipped, delivered or cancelled."),
    "ticket_statuses": N_("When tickets were opened, set waiting, solved or closed."),
    "rated_posts": N_("What customers post and rate elsewhere."),
    "leads": N_("Who showed interest, through which channel, and what became of them."),
    "opportunities": N_("Deals with stage, amount and probability, won and lost."),
    "opportunity_stages": N_("When deals entered which stage."),
    "targets": N_("What a person or team is to reach from one day to another."),
    "commitments": N_("What was promised to a customer, by when, and whether it was kept."),
    "outcomes": N_("What customers want to reach with you, and how far they are."),
    "contact_plans": N_("How often a customer is to be contacted."),
    "handoffs": N_("When a customer was handed from one team to another."),
    "onboarding_steps": N_("The steps by which a new customer gets going."),
    "entitlements": N_("Which modules and how many seats a customer has licensed."),
    "leavings": N_("Who left, by choice or not, why, and to whom."),
    "advocacies": N_("Who was asked for a reference, a case study or a review."),
    "wallets": N_("What customers spend on your kind of goods in a year, with you and others."),
    "initiatives": N_("What you do to serve customers better, and when its success criteria were signed."),
    "costs": N_("What sales, service and other work cost, by pool."),
    "benefits": N_("What initiatives gained, and how well that is proven."),
    "insights": N_("What was found out, and what was done about it."),
    "report_deliveries": N_("When reports were due and delivered."),
    "forecasts": N_("What was expected to be sold in a month."),
    "market_signals": N_("What competitors and markets did, and when you acted."),
    "supplier_transactions": N_("Deliveries and invoices of suppliers."),
    "partner_transactions": N_("Deals that partners brought, and both margins."),
    "employee_snapshots": N_("Staff at a day: hours, team, scores."),
    "work_days": N_("Minutes that people worked, by day."),
}
FIRST = ("customers", "orders", "products", "tickets", "subscriptions", "subscription_events")
_EXAMPLES = {Kind.INTEGER: "3", Kind.NUMBER: "2", Kind.MONEY: "19.90", Kind.RATE: "1.0842", Kind.BOOLEAN: "yes"}
_EXAMPLES |= {Kind.DATE: "2026-03-05", Kind.TIME: "2026-03-05 14:30", Kind.TEXT: ""}
_TEXTS = {"name": "Ada Lovelace", "email": "ada@example.com", "channel": "web", "city": "London", "currency_from": "EUR"}
MOST = 8  # columns of a sample
# Where a table stands on the page; what is in none of these groups is in BUYING, a plugin's in OWN.
BUYING, OWN = N_("Customers and what they buy"), N_("Of modules")
GROUPS = {
    N_("Service and contact"): (*TICKETS, *OPINIONS, *CONTACT),
    N_("Selling"): SALES,
    N_("Customers' success"): SUCCESS,
    N_("Work, costs and knowledge"): (*RETURNS, *INSIGHTS, *STAKEHOLDERS),
}


@dataclass(frozen=True)
class Table:
    group: str
    plural: str
    label: str
    words: str


def tables(facts: Iterable[Fact]) -> list[Table]:
    """Every table, group by group, the usual ones first. Groups, labels and words are msgids."""
    known = layouts.tables(facts).values()
    found = [Table(_group(fact), fact.plural, fact.label_plural, WORDS.get(fact.plural, "")) for fact in known]
    order = (BUYING, *GROUPS, OWN)
    usual = {plural: at for at, plural in enumerate(FIRST)}
    return sorted(found, key=lambda table: (order.index(table.group), usual.get(table.plural, len(FIRST))))


def _group(fact: Fact) -> str:
    return OWN if fact.plugin else next((group for group, facts in GROUPS.items() if fact in facts), BUYING)


def sample(facts: FactCatalogue, table: str) -> str:
    """A CSV with the table's header and one line, which imports as it is. Raises NotFound."""
    fact = next((fact for fact in layouts.tables(facts).values() if fact.plural == table), None)
    if fact is None:
        raise NotFound(N_("There is no table %(table)s to import."), table=table)
    keyed = fact.key and not layouts.is_layout(fact)
    columns: list[tuple[str, str]] = [] if keyed or not fact.aliases else [(fact.aliases[0], "1001")]
    if fact.of_customer:
        columns.append(("customer_id", "C-1001"))
    needed = [column for column in fact.columns if column.required]
    further = [column for column in fact.columns if not column.required and column.kind is not Kind.REFERENCE]
    shares = {name: "0" if at else "1" for at, name in enumerate(fact.sums_to_one)}
    columns += [
        (column.name, shares.get(column.name) or _example(column)) for column in (*needed, *further[: max(0, MOST - len(needed))])
    ]
    text = io.StringIO()
    csv.writer(text).writerows(zip(*columns, strict=True))
    return text.getvalue()


def _example(column: Column) -> str:
    if column.choices:
        return column.choices[0]
    if column.kind is Kind.REFERENCE:
        return "1001"
    return _EXAMPLES[column.kind] or _TEXTS.get(column.name, "example" if column.required else "")
