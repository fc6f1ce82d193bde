"""What the recommendation report tells of customers' success: from which change on, why, and what to do."""

from __future__ import annotations

from kith_platform.sdk.advice import Advice, Worth
from kith_platform.sdk.types import N_

RUNNING = N_("Revenue that runs on costs nothing to win again.")
USE = N_("What is not used is not renewed.")
RESULT = N_("Customers renew for the result, not for the product.")

ADVICE = (
    Advice(
        key="csm.nrr",
        section="sales",
        matters=0.02,
        so=RUNNING,
        worse=N_("Split it by segment: less expansion asks for offers, more contraction for a talk about use."),
        better=N_("See which segment expands, and offer its next step to customers like it."),
    ),
    Advice(
        key="csm.firm_value",
        section="sales",
        matters=0.10,
        so=N_("It is what customers bring after goods and service are paid."),
        worse=N_("See whether revenue, cost of goods or cost to serve moved it, and list the ten customers it comes from."),
        worth=Worth(words=N_("That is %(money)s more than then."), worse=N_("That is %(money)s less than then.")),
    ),
    Advice(
        key="csm.grr",
        section="risk",
        matters=0.02,
        so=RUNNING,
        worse=N_("Go through every contract that ends in 90 days: who speaks with whom, and about which result?"),
        days=14,
    ),
    Advice(
        key="csm.logo_ret",
        section="risk",
        matters=0.02,
        so=RUNNING,
        worse=N_("Speak with the customers who ended and note the reason of each; write to those with the same signs."),
        days=14,
    ),
    Advice(
        key="csm.health",
        section="risk",
        matters=3,
        so=N_("Health falls before a customer leaves, so there is time to act."),
        worse=N_("Open the customers with the lowest health, and agree on a plan with the ten most valuable."),
        days=14,
    ),
    Advice(
        key="csm.promise_kept",
        section="service",
        matters=0.03,
        so=N_("A promise kept is what customers remember of a supplier."),
        worse=N_("Go through the promises due in the next two weeks, and tell customers before one is late."),
        days=7,
    ),
    Advice(
        key="csm.onboard",
        section="customers",
        matters=0.05,
        so=N_("What is not working in the first month seldom works later."),
        worse=N_("Name one person for each customer who is new, and clear the step most of them wait at."),
        days=14,
    ),
    Advice(
        key="csm.ttv",
        section="customers",
        matters=0.15,
        so=RESULT,
        worse=N_("Agree on a small first result with each new customer, and put it before everything else."),
    ),
    Advice(
        key="csm.outcome",
        section="customers",
        matters=0.05,
        so=RESULT,
        worse=N_("List goals that are due and not reached, and agree with each customer on what is changed."),
        better=N_("Ask customers who reached their goal to confirm it in writing, and whether they tell others."),
    ),
    Advice(
        key="csm.cust_value",
        section="customers",
        matters=0.10,
        so=RESULT,
        worse=N_("See at which customers the gain fell, and whether price, use or their own effort is the cause."),
    ),
    Advice(
        key="csm.adopt_breadth",
        section="products",
        matters=0.05,
        so=USE,
        worse=N_("Show customers the licensed module they do not use with an example of their own work."),
    ),
    Advice(
        key="csm.stickiness",
        section="products",
        matters=0.03,
        so=USE,
        worse=N_("Find the task people come for every day, and make it one step shorter."),
    ),
    Advice(
        key="csm.sup_otif",
        section="products",
        matters=0.03,
        so=N_("What suppliers deliver late, customers get late."),
        worse=N_("Speak with the supplier behind most late deliveries, and agree on stock or a second source."),
    ),
    Advice(
        key="csm.adopt_depth",
        section="opportunities",
        matters=0.05,
        so=USE,
        worse=N_("Invite the people without a login in use, with a date and a task, before the renewal."),
        better=N_("Offer more seats to customers who use nearly all they have."),
    ),
    Advice(
        key="csm.advocacy",
        section="opportunities",
        matters=0.03,
        so=N_("A reference from a customer convinces more than anything you say yourself."),
        worse=N_("Ask the five customers with the best results for a reference or a case study."),
        better=N_("Bring a reference of the same industry into each open deal."),
    ),
)
