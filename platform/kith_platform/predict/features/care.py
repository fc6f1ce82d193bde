"""How a customer was treated and what he said: tickets, complaints, surveys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from kith_platform.i18n import N_, mark_plural
from kith_platform.predict.features.windows import age, faded, fading, within
from kith_platform.sdk.types import Feature, FeatureSet

if TYPE_CHECKING:
    from kith_platform.frames import Tables


def care(tables: Tables, cutoff: ir.DateScalar) -> ir.Table:
    """One row per customer with a ticket or an answered survey before the cutoff."""
    tickets = tables.tickets
    complaint = tickets.is_complaint.fill_null(False)
    open_ = tickets.resolved_at.isnull()
    service = tickets.group_by("customer_id").aggregate(
        tickets_180=within(tickets.occurred_on, cutoff, 180).cast("float64").sum(),
        complaints_180=(complaint & within(tickets.occurred_on, cutoff, 180)).cast("float64").sum(),
        complaints_365=(complaint & within(tickets.occurred_on, cutoff, 365)).cast("float64").sum(),
        complaints_open=(complaint & open_).cast("float64").sum(),
        complaints_fading=faded(fading(tickets.occurred_on, cutoff).sum(where=complaint)).fill_null(0.0),
        last_complaint=tickets.occurred_on.max(where=complaint),
    )
    service = service.mutate(complaint_age=age(service.last_complaint, cutoff).cast("float64")).drop("last_complaint")
    answers = tables.survey_responses
    answers = answers.filter(answers.score.notnull())
    said = answers.group_by("customer_id").aggregate(
        nps_last=answers.score.argmax(answers.occurred_at, where=answers.kind == "nps"),
        csat_last=answers.score.argmax(answers.occurred_at, where=answers.kind == "csat"),
        csat_mean=answers.score.mean(where=answers.kind == "csat"),
    )
    joined = service.outer_join(said, "customer_id")
    return joined.select(
        "tickets_180",
        "complaints_180",
        "complaints_365",
        "complaints_open",
        "complaint_age",
        "complaints_fading",
        "nps_last",
        "csat_last",
        "csat_mean",
        customer_id=joined.customer_id.fill_null(joined.customer_id_right),
    )


CARE = FeatureSet(
    key="care",
    needs=("tickets", "survey_responses"),
    compute=care,
    features=(
        Feature(
            name="tickets_180",
            label=N_("Tickets in 180 days"),
            sentence=mark_plural(
                "Opened %(value)s ticket in the last 180 days.", "Opened %(value)s tickets in the last 180 days.", "value"
            ),
            unit="count",
        ),
        Feature(
            name="complaints_180",
            label=N_("Complaints in 180 days"),
            sentence=mark_plural(
                "Complained %(value)s time in the last 180 days.", "Complained %(value)s times in the last 180 days.", "value"
            ),
            unit="count",
            sense=1,
        ),
        Feature(
            name="complaints_365",
            label=N_("Complaints in a year"),
            sentence=mark_plural(
                "Complained %(value)s time in the last 365 days.", "Complained %(value)s times in the last 365 days.", "value"
            ),
            unit="count",
            sense=1,
        ),
        Feature(
            name="complaints_open",
            label=N_("Unsolved complaints"),
            sentence=mark_plural("%(value)s complaint is still unsolved.", "%(value)s complaints are still unsolved.", "value"),
            unit="count",
            sense=1,
        ),
        Feature(
            name="complaint_age",
            label=N_("Days since the last complaint"),
            sentence=N_("The last complaint was %(value)s ago."),
            unit="days",
        ),
        Feature(
            name="complaints_fading",
            label=N_("Complaints, the newest counting most"),
            sentence=N_("Complaints, the newest counting most: %(value)s."),
            unit="ratio",
            sense=1,
        ),
        Feature(
            name="nps_last",
            label=N_("Last recommendation score"),
            sentence=N_("Last said %(value)s of 10 to recommending us."),
            unit="score",
            sense=-1,
            reads="survey_responses.score",
        ),
        Feature(
            name="csat_last",
            label=N_("Last satisfaction"),
            sentence=N_("Last rated satisfaction %(value)s of 5."),
            unit="score",
            sense=-1,
            reads="survey_responses.score",
        ),
        Feature(
            name="csat_mean",
            label=N_("Mean satisfaction"),
            sentence=N_("Rates satisfaction %(value)s of 5 on average."),
            unit="score",
            sense=-1,
            reads="survey_responses.score",
        ),
    ),
)
