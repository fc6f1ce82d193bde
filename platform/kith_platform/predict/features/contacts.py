"""How a customer took what was sent before, and who may be sent more. For models of campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features.windows import age
from kith_platform.sdk.types import Feature, FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Tables

CONTROL = ("control", "holdout", "hold-out", "none", "对照", "對照", "对照组", "對照組")
MARKETING_PURPOSES = ("", "marketing", "advertising", "promotion", "营销", "行銷")


def held_back(touches: ir.Table) -> ir.BooleanValue:
    """Whether the row is of a control group: noted, and not sent."""
    return touches.arm.strip().lower().isin(CONTROL).fill_null(False)


def contacts(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
    """One row per customer who was sent anything before the cutoff."""
    rows = tables.touches
    rows = rows.filter(rows.customer_id.notnull(), ~held_back(rows))
    sent = rows.group_by("customer_id").aggregate(
        contacts=rows.count().cast("float64"),
        last_contact=rows.occurred_on.max(),
        opened=rows.opened_at.notnull().cast("float64").sum(),
        clicked=rows.clicked_at.notnull().cast("float64").sum(),
        answers=rows.converted_at.notnull().cast("float64").sum(),
    )
    return sent.select(
        "customer_id",
        "contacts",
        "answers",
        contact_pause=age(sent.last_contact, cutoff).cast("float64"),
        opened_share=sent.opened / sent.contacts,
        clicked_share=sent.clicked / sent.contacts,
        answered_share=sent.answers / sent.contacts,
    )


def unwilling(tables: Tables) -> ir.Table:
    """customer_id of those who may not be sent a campaign: every last word on marketing is a refusal, or they unsubscribed."""
    said, touches = tables.consents, tables.touches
    said = said.filter(said.customer_id.notnull(), said.purpose.fill_null("").lower().isin(MARKETING_PURPOSES))
    turn = ibis.row_number().over(group_by=[said.customer_id, said.channel], order_by=[said.occurred_at.desc(), said.id.desc()])
    last = said.mutate(turn=turn)
    last = last.filter(last.turn == 0)
    word = last.group_by("customer_id").aggregate(granted=(last.status == "granted").max())
    gone = touches.filter(touches.customer_id.notnull(), touches.unsubscribed_at.notnull())
    refused = word.filter(~word.granted.fill_null(False))
    return refused.select("customer_id").union(gone.select("customer_id")).distinct()


CONTACTS = FeatureSet(
    key="contacts",
    needs=("touches",),
    compute=contacts,
    features=(
        Feature(
            name="contacts",
            label=N_("Campaign contacts so far"),
            sentence=mark_plural("Was sent %(value)s campaign so far.", "Was sent %(value)s campaigns so far.", "value"),
            unit="count",
        ),
        Feature(
            name="answers",
            label=N_("Campaigns answered"),
            sentence=mark_plural("Answered %(value)s campaign so far.", "Answered %(value)s campaigns so far.", "value"),
            unit="count",
            reads="touches.converted_at",
        ),
        Feature(
            name="contact_pause",
            label=N_("Days since the last campaign"),
            sentence=N_("The last campaign was sent %(value)s ago."),
            unit="days",
        ),
        Feature(
            name="opened_share",
            label=N_("Share of campaigns opened"),
            sentence=N_("Opened %(value)s of the campaigns sent."),
            unit="ratio",
            reads="touches.opened_at",
        ),
        Feature(
            name="clicked_share",
            label=N_("Share of campaigns clicked"),
            sentence=N_("Clicked in %(value)s of the campaigns sent."),
            unit="ratio",
            reads="touches.clicked_at",
        ),
        Feature(
            name="answered_share",
            label=N_("Share of campaigns answered"),
            sentence=N_("Answered %(value)s of the campaigns sent."),
            unit="ratio",
            reads="touches.converted_at",
        ),
    ),
)

# Computed over a matrix, not by Ibis: quintiles of all who are looked at.
RFM_CELL = Feature(
    name="rfm_cell",
    label=N_("RFM cell"),
    sentence=N_("Recency, frequency and spend make RFM cell %(value)s (555 is the best)."),
    unit="score",
)
