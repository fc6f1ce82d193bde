"""What the recommendation report tells of the customer interface: from which change on, why, and what to do."""

from __future__ import annotations

from kith_platform.sdk.advice import Advice, Worth
from kith_platform.sdk.types import N_

SALES = "cim.sal.product_mix"
ANSWER = N_("Who waits for an answer asks somebody else.")
FUNNEL = N_("Each step of a deal that fewer pass makes every lead dearer.")

ADVICE = (
    Advice(
        key="cim.acq.new",
        section="customers",
        matters=0.10,
        so=N_("New customers replace those who leave; sales follow them some months later."),
        worse=N_("Compare channels on the metric's page, and move budget from the one that fell to the cheapest one."),
        better=N_("Welcome them: thank each, and call the tenth with the largest first orders."),
    ),
    Advice(
        key="cim.loy.repeat",
        section="customers",
        matters=0.02,
        so=N_("Customers who come back cost less than new ones and buy more."),
        worse=N_("Give first-time buyers a reason to come back before their usual gap is over, with a control group."),
        better=N_("Find out in which segment more come back, and do there what worked for the others too."),
    ),
    Advice(
        key="cim.com.plan_coverage",
        section="customers",
        matters=0.05,
        so=N_("A plan of contacts that is not kept is a promise broken in silence."),
        worse=N_("Go through the customers whose interval is over with their owners; cut the plan where it cannot be kept."),
        days=14,
    ),
    Advice(
        key=SALES,
        section="sales",
        matters=0.05,
        good="up",
        so=N_("Net sales pay for everything else."),
        worse=N_("See which products fell, and whether fewer customers bought or each bought less; choose one to work on."),
        better=N_("See which products rose, and make sure that stock and delivery follow."),
        worth=Worth(words=N_("That is %(money)s more than then."), worse=N_("That is %(money)s less than then.")),
    ),
    Advice(
        key="cim.sal.win_rate",
        section="sales",
        matters=0.03,
        so=FUNNEL,
        worse=N_("Read the reasons of the last ten losses with the team, and change what three of them name."),
        better=N_("Write down what the won deals had in common, and tell the whole team."),
    ),
    Advice(
        key="cim.sal.stage_conv",
        section="sales",
        matters=0.03,
        so=FUNNEL,
        worse=N_("Find the stage where deals stop, and agree on what a deal must have before it enters it."),
    ),
    Advice(
        key="cim.sal.attainment",
        section="sales",
        matters=0.05,
        so=N_("Plans for stock, people and cash rest on the target."),
        worse=N_(
            "Go through the targets with each owner: what closes the gap this quarter, and which target was never realistic?"
        ),
        days=14,
    ),
    Advice(
        key="cim.sal.velocity",
        section="sales",
        matters=0.10,
        so=N_("It says how much money the open deals bring a day: more deals, larger ones, more won, or faster."),
        worse=N_("See which of the four fell and work on that one alone."),
    ),
    Advice(
        key="cim.acq.conv",
        section="sales",
        matters=0.02,
        so=FUNNEL,
        worse=N_("Compare channels: stop the one whose leads never buy, and answer those of the best one first."),
        better=N_("Put more of the budget on the channel that converts best, and watch whether it holds."),
    ),
    Advice(
        key="cim.rsp.lead_minutes",
        section="sales",
        matters=0.20,
        so=ANSWER,
        worse=N_("Name who answers new leads in each hour of the day, and list the ones nobody has contacted."),
        days=7,
    ),
    Advice(
        key="cim.cst.cac",
        section="sales",
        matters=0.10,
        so=N_("A customer who costs more than they bring is bought at a loss."),
        worse=N_("Compare the cost per new customer by channel, and take the dearest out of the plan for a month."),
        better=N_("See which channel became cheaper, and whether its customers stay, before you spend more on it."),
        worth=Worth(
            key="cim.acq.new",
            cost=True,
            words=N_("Over the new customers of this period that saves %(money)s."),
            worse=N_("Over the new customers of this period that costs %(money)s more."),
        ),
    ),
    Advice(
        key="cim.cst.cost_to_serve",
        section="service",
        matters=0.02,
        so=N_("What service costs comes out of the margin."),
        worse=N_(
            "List the customers with the highest share of cost, and agree on another channel, price or minimum order with them."
        ),
        worth=Worth(
            key=SALES,
            cost=True,
            words=N_("Of the net sales of this period that is %(money)s less cost."),
            worse=N_("Of the net sales of this period that is %(money)s more cost."),
        ),
    ),
    Advice(
        key="cim.sat.csat",
        section="service",
        matters=0.03,
        so=N_("Who is content comes back; who is not tells others."),
        worse=N_("Read the answers of 1 and 2 of this period, and call ten of those customers within the week."),
        days=14,
    ),
    Advice(
        key="cim.svc.sla",
        section="service",
        matters=0.02,
        so=ANSWER,
        worse=N_("See at which hours and on which channel tickets run over, and move people there."),
        days=14,
    ),
    Advice(
        key="cim.svc.fcr",
        section="service",
        matters=0.03,
        so=N_("A problem that takes two contacts costs twice and annoys once more."),
        worse=N_("Take the five commonest topics that came back, and write the answer that would have solved them at once."),
    ),
    Advice(
        key="cim.svc.reopen",
        section="service",
        matters=0.02,
        so=N_("A problem that takes two contacts costs twice and annoys once more."),
        worse=N_("Read the last twenty tickets that came back: who closed them too early, and what was missing?"),
    ),
    Advice(
        key="cim.com.unanswered",
        section="service",
        matters=0.02,
        so=ANSWER,
        worse=N_("Answer those that wait today, and name who looks at each channel every morning."),
        days=7,
    ),
    Advice(
        key="cim.ana.forecast_accuracy",
        section="products",
        matters=0.03,
        so=N_("What is forecast wrongly is missing on the shelf or lies in the store."),
        worse=N_("Take the ten products that were most off, and correct season and trend in their forecast."),
    ),
    Advice(
        key="cim.rsp.competitor_loss",
        section="risk",
        matters=0.03,
        so=N_("A customer lost to a competitor is seldom the last one."),
        worse=N_("See to whom you lose and over what, and choose one offer to answer it with."),
        days=21,
    ),
    Advice(
        key="cim.dq.index",
        section="risk",
        matters=0.02,
        so=N_("Numbers and recommendations are as good as the data below them."),
        worse=N_("Open Data quality and mend its first issue at the source it comes from."),
    ),
    Advice(
        key="cim.acqd.contactable",
        section="opportunities",
        matters=0.02,
        so=N_("Whom you may not contact hears of no offer."),
        worse=N_("Ask for consent at the next purchase, and mend the addresses that mail comes back from."),
        better=N_("Greet those who newly agreed with one useful message before any offer."),
    ),
    Advice(
        key="cim.sal.weighted_pipeline",
        section="opportunities",
        matters=0.15,
        good="up",
        so=N_("These are the sales of the next months, by the chance of each deal."),
        worse=N_("Fill the funnel: ten new conversations a week for each salesperson until it is where it was."),
        better=N_("Go through the ten largest open deals and agree on the next step and its day for each."),
        worth=Worth(words=N_("That is %(money)s more than then."), worse=N_("That is %(money)s less than then.")),
    ),
)
