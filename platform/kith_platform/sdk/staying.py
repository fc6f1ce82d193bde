"""Who stays (domain C4): customers by their own rhythm, subscribers by their contract. Ibis expressions."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kith_platform.sdk.rhythm import rhythm

BY_CHOICE, BY_US, SILENT = "cancelled", "ended", "silent"


def contracts(events: ir.Table, marks: ir.Table) -> ir.Table:
    """Per mark and customer with a subscription: `running`, whether any runs after the events before `end`, and `how` the
    last one ended.
    """
    events = events.filter(events.customer_id.notnull())
    events = events.inner_join(marks.select("place", "end"), events.occurred_on < marks.end)
    turn = ibis.row_number().over(
        group_by=[events.place, events.customer_id, events.subscription], order_by=[events.occurred_at.desc(), events.id.desc()]
    )
    last = events.mutate(turn=turn)
    last = last.filter(last.turn == 0)
    last = last.mutate(over=last.kind.isin((BY_CHOICE, BY_US)).fill_null(False))
    return last.group_by("place", "customer_id").aggregate(
        running=(~last.over).any(), ended=last.kind.argmax(last.occurred_at, where=last.over)
    )


def standing(purchases: ir.Table, events: ir.Table | None, marks: ir.Table, usual: float) -> ir.Table:
    """Per mark and customer known before its `end`: `active`, and `how` those who are not left (silent, cancelled, ended).

    A subscription decides where there is or was one; otherwise silence does. `events` is None where there are none.
    """
    return decided(rhythm(purchases, marks, usual).select("place", "customer_id", quiet="left"), events, marks)


def decided(silent: ir.Table, events: ir.Table | None, marks: ir.Table) -> ir.Table:
    """`standing` of buyers of whom it is known whether they are `quiet`: place, customer_id, quiet."""
    if events is None:
        return silent.select(
            "place", "customer_id", active=~silent.quiet, how=ibis.ifelse(silent.quiet, SILENT, ibis.null("string"))
        )
    bound = contracts(events, marks).rename(bound_place="place", bound_id="customer_id")
    both = silent.outer_join(bound, [silent.place == bound.bound_place, silent.customer_id == bound.bound_id])
    active = ibis.ifelse(both.bound_id.notnull(), both.running, ~both.quiet)
    how = ibis.ifelse(both.bound_id.notnull(), both.ended, SILENT)
    return both.select(
        place=ibis.coalesce(both.place, both.bound_place),
        customer_id=ibis.coalesce(both.customer_id, both.bound_id),
        active=active,
        how=ibis.ifelse(active, ibis.null("string"), how),
    )
