"""What the recommendation report tells of customer experience: from which change on, why, and what to do."""

from __future__ import annotations

from kith_platform.sdk.advice import Advice, Worth
from kith_platform.sdk.types import N_

STAYING = Worth(
    key="ret.value_of_1pt", level=True, words=N_("One customer in a hundred more who stays each year is worth %(money)s.")
)
LEFT = N_("Who leaves takes the margin of all the years they would have stayed.")
TOLD = N_("What customers tell others brings or keeps away the next ones.")
MORE = N_("Selling more to those who know you costs least.")
FEW = N_("The more of the margin hangs on few customers, the harder the loss of one.")

ADVICE = (
    Advice(
        key="ret.rate",
        section="customers",
        matters=0.01,
        so=LEFT,
        worse=N_("See in which segment more leave, and speak with ten of those who left about why."),
        better=N_("See in which segment more stay, and keep what was changed there."),
        worth=STAYING,
    ),
    Advice(
        key="ret.churn_vol",
        section="risk",
        matters=0.01,
        so=LEFT,
        worse=N_("Call customers with a high chance of leaving before they do, the highest lifetime value first."),
        worth=STAYING,
        days=14,
    ),
    Advice(
        key="ret.churn_inv",
        section="risk",
        matters=0.01,
        so=N_("Who fails to pay did not choose to leave: another day or another way to pay may keep them."),
        worse=N_("Remind before the payment is due, try failed payments again on another day, and offer a second way to pay."),
        days=14,
    ),
    Advice(
        key="ret.reason_known",
        section="risk",
        matters=0.05,
        so=N_("A reason nobody noted cannot be mended."),
        worse=N_("Make the reason a question of the last contact, and ask the last thirty who left."),
    ),
    Advice(
        key="cem.clv",
        section="customers",
        matters=0.05,
        so=N_("It says what an active customer will bring in the next twelve months."),
        worse=N_("See whether customers expect to buy less often or for less, and work on that one."),
        better=N_("See which segment rose, and look for more customers like it."),
    ),
    Advice(
        key="cem.equity",
        section="customers",
        matters=0.05,
        so=N_("It says what all active customers together will bring in the next twelve months."),
        worse=N_("Compare how many customers there are with what each is worth: win more, or keep and grow those you have."),
        better=N_("Put part of the gain into keeping the most valuable customers."),
        worth=Worth(words=N_("That is %(money)s more than then."), worse=N_("That is %(money)s less than then.")),
    ),
    Advice(
        key="cem.nps",
        section="customers",
        matters=5,
        so=TOLD,
        worse=N_("Call each customer who gave 0 to 6 within a working day, and list what they name most."),
        better=N_("Ask those who gave 9 or 10 for a referral three days after their answer."),
        days=14,
    ),
    Advice(
        key="cem.loyalty",
        section="customers",
        matters=0.03,
        so=N_("Loyal in words and deeds is what price offers of others cannot buy."),
        worse=N_("Speak with those who are loyal in words alone: what keeps them from buying?"),
    ),
    Advice(
        key="cem.ces",
        section="service",
        matters=0.3,
        so=N_("How easy it was is what customers remember when they choose again."),
        worse=N_("Walk the way of a customer yourself on the channel that fell most, and take out one step."),
        good="up",
    ),
    Advice(
        key="cem.recovery_rate",
        section="service",
        matters=0.05,
        so=N_("How a complaint ends decides whether the customer stays."),
        worse=N_("Let whoever takes a complaint decide on the remedy, up to an amount you set."),
        days=21,
    ),
    Advice(
        key="cem.time_to_resolve",
        section="service",
        matters=0.15,
        so=N_("Each day a complaint stays open makes the next purchase less likely."),
        worse=N_("Go through open complaints every morning, the oldest first, until none is older than three days."),
        days=7,
    ),
    Advice(
        key="cem.touch_gap",
        section="service",
        matters=0.03,
        so=N_("Customers judge by the weakest moment of their journey."),
        worse=N_("Take the touchpoint with the largest gap, and agree on one change with who answers for it."),
    ),
    Advice(
        key="cem.complaint_rate",
        section="products",
        matters=0.15,
        good="down",
        so=N_("Behind each complaint stand several customers who said nothing."),
        worse=N_("Compare products and channels on the metric's page, and have the worst product checked before more are sold."),
        days=14,
    ),
    Advice(
        key="cem.first_exp",
        section="products",
        matters=0.03,
        so=N_("The first order decides whether there is a second."),
        worse=N_("Deliver first orders with priority, and apologise before the customer complains where one is late."),
        days=14,
    ),
    Advice(
        key="cem.review_sentiment",
        section="products",
        matters=0.05,
        so=TOLD,
        worse=N_("Answer every negative post of the period, and hand what they name to whoever makes the product."),
        days=14,
    ),
    Advice(
        key="cem.mvc_stay",
        section="risk",
        matters=0.02,
        so=FEW,
        worse=N_("Have somebody by name look after each of the most valuable customers, and call those who were silent longest."),
        days=7,
    ),
    Advice(
        key="cem.pareto",
        section="risk",
        matters=0.05,
        good="down",
        so=FEW,
        worse=N_("Name an owner for each customer of the best fifth, and raise the next fifth: more products, shorter gaps."),
    ),
    Advice(
        key="cem.second_purchase",
        section="opportunities",
        matters=0.03,
        so=N_("The second purchase is the step that makes a customer."),
        worse=N_("Write to first-time buyers within half their usual gap with what others bought next, with a control group."),
        better=N_("See on which channel more came back, and bring new customers that way."),
    ),
    Advice(
        key="cem.products_per_cust",
        section="opportunities",
        matters=0.05,
        so=MORE,
        worse=N_("Offer customers of one product family the one that buyers like them took next."),
        better=N_("Offer the next product to those who own two families first."),
    ),
    Advice(
        key="cem.upgrade_rate",
        section="opportunities",
        matters=0.01,
        so=MORE,
        worse=N_("List who uses more than four fifths of what they pay for, and offer them the next tier."),
        better=N_("Ask those who moved up what made them, and offer it with these words to who is like them."),
    ),
    Advice(
        key="cem.referral_rate",
        section="opportunities",
        matters=0.01,
        so=TOLD,
        worse=N_("Ask contented customers for a referral right after a good answer, and thank both sides."),
        better=N_("Thank those who referred by name, and make it easy to do it again."),
    ),
    Advice(
        key="cem.sow",
        section="opportunities",
        matters=0.03,
        so=N_("What customers buy elsewhere could be bought here."),
        worse=N_("Ask ten customers with a low share what they buy elsewhere, and why."),
        better=N_("See what these customers bought more of, and offer it to those with a low share."),
    ),
    Advice(
        key="cem.winback_rate",
        section="opportunities",
        matters=0.02,
        so=N_("Part of those who left comes back when asked, and it shows against a control group."),
        worse=N_("Stop contacting those who left long ago, and ask the recent ones with another offer."),
        better=N_("Contact the rest of those who left for the same reason, three times at most."),
    ),
)
