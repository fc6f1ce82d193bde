"""What a customer was sent and did: campaign contacts, usage, subscription trouble. Past touches are features, never hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features.windows import age, within
from kith_platform.sdk.types import Feature, FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Tables


def marketing(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
    """One row per customer with a campaign contact, an event or a subscription event before the cutoff."""
    touches, events = tables.touches, tables.events
    sent = touches.group_by("customer_id").aggregate(
        touches_90=within(touches.occurred_on, cutoff, 90).cast("float64").sum(),
        clicks_180=(touches.clicked_at.notnull() & within(touches.occurred_on, cutoff, 180)).cast("float64").sum(),
        unsubscribed=touches.unsubscribed_at.notnull().cast("float64").max(),
    )
    month, quarter = within(events.occurred_on, cutoff, 28), within(events.occurred_on, cutoff, 112)
    used = events.group_by("customer_id").aggregate(
        active_28=events.occurred_on.nunique(where=month).cast("float64"),
        active_before=events.occurred_on.nunique(where=quarter & ~month).cast("float64"),
        last_event=events.occurred_on.max(),
    )
    used = used.mutate(
        usage_trend=used.active_28 / (used.active_before / 3.0).nullif(0.0),
        usage_pause=age(used.last_event, cutoff).cast("float64"),
    )
    used = used.mutate(usage_missed=used.usage_pause * used.active_before / 84.0)
    # Ids first, then each side by left join: the key would have to be coalesced.
    ids = touches.select("customer_id").union(events.select("customer_id")).distinct()
    joined = ids.left_join(sent, "customer_id").drop("customer_id_right").left_join(used, "customer_id")
    return joined.select(
        "customer_id",
        "touches_90",
        "clicks_180",
        "unsubscribed",
        "active_28",
        "usage_trend",
        "usage_pause",
        "usage_missed",
    )


MARKETING = FeatureSet(
    key="marketing",
    needs=("touches", "events"),
    compute=marketing,
    features=(
        Feature(
            name="touches_90",
            label=N_("Campaign contacts in 90 days"),
            sentence=mark_plural(
                "Was contacted %(value)s time in the last 90 days.", "Was contacted %(value)s times in the last 90 days.", "value"
            ),
            unit="count",
        ),
        Feature(
            name="clicks_180",
            label=N_("Clicks in 180 days"),
            sentence=mark_plural(
                "Clicked %(value)s time in the last 180 days.", "Clicked %(value)s times in the last 180 days.", "value"
            ),
            unit="count",
            sense=-1,
        ),
        Feature(
            name="unsubscribed", label=N_("Unsubscribed"), sentence=N_("Has unsubscribed from campaigns."), unit="flag", sense=1
        ),
        Feature(
            name="active_28",
            label=N_("Active days of 28"),
            sentence=N_("Was active on %(value)s of the last 28 days."),
            unit="count",
            sense=-1,
        ),
        Feature(
            name="usage_trend",
            label=N_("Usage trend"),
            sentence=N_("Usage runs at %(value)s × its former level."),
            unit="ratio",
            sense=-1,
        ),
        Feature(
            name="usage_pause",
            label=N_("Days since the last use"),
            sentence=N_("Last active %(value)s ago."),
            unit="days",
            sense=1,
        ),
        Feature(
            name="usage_missed",
            label=N_("Days of use that are missing"),
            sentence=mark_plural(
                "Since the last use, %(value)s day of use was to be expected.",
                "Since the last use, %(value)s days of use were to be expected.",
                "value",
            ),
            unit="count",
            sense=1,
        ),
    ),
)
