"""What is odd in lines that are taken all the same: each kind by name and number, so that nobody wonders later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import polars as pl

from kith_platform.errors import fill
from kith_platform.i18n import mark_plural
from kith_platform.imports.plan import ORDER, ORDER_LINE, PRODUCT
from kith_platform.imports.typed import CONTENT

NO_CUSTOMER, ALIKE, RETURNED, LINKED, ORDERLESS = "no_customer", "alike", "returned", "linked", "orderless"
LEFT_OUT, SAME_ID = "left_out", "same_id"
KINDS: Mapping[str, str] = {
    NO_CUSTOMER: mark_plural(
        "%(count)s line names no customer. It is kept as an anonymous basket: it counts for products and totals, for nobody's "
        "value.",
        "%(count)s lines name no customer. They are kept as anonymous baskets: they count for products and totals, for nobody's "
        "value.",
    ),
    RETURNED: mark_plural(
        "%(count)s line has a negative quantity. It is taken as a return.",
        "%(count)s lines have a negative quantity. They are taken as returns.",
    ),
    LINKED: mark_plural(
        "%(count)s return was linked to the order it undoes: the customer's last one before it with the same product.",
        "%(count)s returns were linked to the orders they undo: the customer's last one before each with the same product.",
    ),
    ORDERLESS: mark_plural(
        "%(count)s return has no order in your data: nobody's, or bought before the file begins. It is kept without.",
        "%(count)s returns have no order in your data: nobody's, or bought before the file begins. They are kept without.",
    ),
    ALIKE: mark_plural(
        "%(count)s line without an id is exactly like one before it. Both are kept; if the source wrote it twice, correct it "
        "there.",
        "%(count)s lines without an id are exactly like one before them. All are kept; if the source wrote them twice, correct "
        "it there.",
    ),
    SAME_ID: mark_plural(
        "%(count)s line has the id of a later one that says something else. The last counts; if they are two things, correct the "
        "ids in the source.",
        "%(count)s lines have the id of a later one that says something else. The last counts; if they are several things, "
        "correct the ids in the source.",
    ),
    "no_price": mark_plural(
        "%(count)s sold line has an amount of zero: a gift, a sample or a correction of stock.",
        "%(count)s sold lines have an amount of zero: gifts, samples or corrections of stock.",
    ),
    "below_zero": mark_plural(
        "%(count)s line has an amount below zero without being a return: a correction of accounts.",
        "%(count)s lines have an amount below zero without being returns: corrections of accounts.",
    ),
    "no_quantity": mark_plural("%(count)s line has a quantity of zero.", "%(count)s lines have a quantity of zero."),
    "no_product_name": mark_plural(
        "%(count)s line does not name its product.",
        "%(count)s lines do not name their products.",
    ),
    "undated_change": mark_plural(
        "%(count)s line says that there was an upgrade or a downgrade, not when. It counts from the day of the start.",
        "%(count)s lines say that there was an upgrade or a downgrade, not when. They count from the day of the start.",
    ),
    "undated_end": mark_plural(
        "%(count)s line says that the subscription is over, not since when. It counts as running; fill in the day it ended.",
        "%(count)s lines say that the subscription is over, not since when. They count as running; fill in the days they ended.",
    ),
    "end_ahead": mark_plural(
        "%(count)s subscription ends on a day that is still to come. Until then it runs, and renews on that day.",
        "%(count)s subscriptions end on days that are still to come. Until then they run, and renew on those days.",
    ),
    LEFT_OUT: mark_plural(
        "%(count)s line no longer tells of something that an earlier file told, such as an end. It is kept; if it was "
        "wrong, undo that earlier import.",
        "%(count)s lines no longer tell of something that an earlier file told, such as an end. It is kept; if it was "
        "wrong, undo that earlier import.",
    ),
    "no_article": mark_plural(
        "%(count)s line is for something without a figure in its number, such as postage, fees or manual entries.",
        "%(count)s lines are for something without a figure in its number, such as postage, fees or manual entries.",
    ),
}


def count(frame: pl.DataFrame, *, returns: bool) -> dict[str, int]:
    """Lines of each kind in a typed frame, but for kinds that do not occur; `returns` says that a negative quantity is one."""
    found = frame.select(pl.len().alias("lines"), *(rule.sum().alias(kind) for kind, rule in _rules(frame, returns=returns)))
    return {kind: number for kind, number in found.row(0, named=True).items() if kind != "lines" and number}


def same_id(frame: pl.DataFrame, finest: str) -> dict[str, int]:
    """Lines of a typed frame that a later one with the same id and other content stands for."""
    key = f"{finest}.external_id"
    if key not in frame.columns or finest == ORDER_LINE:  # lines are numbered within their order
        return {}
    known = frame.filter(pl.col(key).is_not_null())
    if known[key].n_unique() == known.height:
        return {}
    other = known.select((pl.col(CONTENT) != pl.col(CONTENT).last().over(key)).sum()).item()
    return {SAME_ID: int(other)} if other else {}


def told(
    found: Mapping[str, int], translate: Callable[[str], str] = str, number: Callable[[int], str] = "{:,}".format
) -> list[str]:
    """A sentence for each kind that occurs, in the language of `translate` (gettext), with its count as `number` writes it."""
    return [fill(translate(sentence), {"count": number(found[kind])}) for kind, sentence in KINDS.items() if found.get(kind)]


def _rules(frame: pl.DataFrame, *, returns: bool) -> list[tuple[str, pl.Expr]]:
    """What can be told of the columns that there are."""
    columns = set(frame.columns)
    owner = next((name for name in (f"{ORDER}.customer", f"{ORDER_LINE}.customer") if name in columns), None)
    rules = [(ALIKE, pl.col(CONTENT).str.contains(r"^~[0-9a-f]+\.\d+$").fill_null(value=False))]
    if owner:
        rules.append((NO_CUSTOMER, pl.col(owner).is_null()))
    quantity, net = f"{ORDER_LINE}.quantity", f"{ORDER_LINE}.net" if f"{ORDER_LINE}.net" in columns else f"{ORDER}.net"
    sold = pl.lit(value=True)
    if quantity in columns:
        rules.append(("no_quantity", pl.col(quantity) == 0))
        if returns:
            sold = pl.col(quantity).fill_null(0) >= 0
            rules.append((RETURNED, ~sold))
    if net in columns:
        rules += [("no_price", sold & (pl.col(net) == 0)), ("below_zero", sold & (pl.col(net) < 0))]
    if f"{PRODUCT}.name" in columns and f"{ORDER_LINE}.product" in columns:
        rules.append(("no_product_name", pl.col(f"{PRODUCT}.name").is_null()))
    if f"{ORDER_LINE}.product" in columns:
        rules.append(("no_article", pl.col(f"{ORDER_LINE}.product").str.contains(r"^[^0-9]+$").fill_null(value=False)))
    return [*rules, *_of_subscriptions(columns)]


def _of_subscriptions(columns: set[str]) -> list[tuple[str, pl.Expr]]:
    """What a list of subscriptions leaves open."""
    changed, ended, over = (
        {"subscription.upgraded", "subscription.downgraded"} & columns,
        "subscription.ended_at",
        "subscription.cancelled",
    )
    rules = [("undated_change", pl.any_horizontal(sorted(changed)))] if changed else []
    if over in columns:
        rules.append(("undated_end", pl.col(over) & pl.col(ended).is_null() if ended in columns else pl.col(over)))
    if ended in columns:
        rules.append(("end_ahead", pl.col(ended) > dt.datetime.now(dt.UTC)))
    return rules
