"""What is to be reached: targets by seller and month, and forecasts by product and month."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl

from kith_platform.simulator.columns import codes, dates, money, texts, times
from kith_platform.simulator.firm import Firm
from kith_platform.simulator.staff import Staff

_KINDS = ("sales", "won", "new_customers", "tickets")
_FORECAST = 20  # products, those that sell most
_MADE_BEFORE = 6.0  # days before its month


def targets(firm: Firm, crew: Staff) -> pl.DataFrame:
    """For each month and the one to come: sales and won amounts by seller, new customers of the sales team, tickets of the
    service desk; a tenth above what a month brought in the mean. One in eight is raised in the month's first week."""
    rng = firm.stream("targets")
    months = (firm.days - firm.since) / 30.4
    told = pl.Series(firm.moments("orders", "ordered_at") >= firm.since)
    orders = firm.tables["orders"].filter(told & pl.col("rep").is_not_null() & (pl.col("status") != "cancelled"))
    sold, won = float(orders["net"].sum()), float(firm.tables["opportunities"]["won_amount"].sum())
    sellers = crew.sellers.size
    mean = {
        "sales": sold / sellers / months,
        "won": won / sellers / months,
        "new_customers": float((firm.joined >= firm.since).sum()) / months,
        "tickets": float((firm.moments("tickets", "opened_at") >= firm.since).sum()) / months,
    }
    rows = [
        (kind, begins, ends, who, 1.1 * mean[kind])
        for begins, ends in _spans(firm)
        for kind in _KINDS
        for who in (range(sellers) if kind in ("sales", "won") else (-1,))
    ]
    kind, begins, ends, who, amount = (np.array(column) for column in zip(*rows, strict=True))
    rounded = np.maximum(np.round(amount * rng.normal(1.0, 0.08, amount.size), -1), 10.0)
    again = (rng.random(amount.size) < 0.125) & (begins + 4.3 < firm.days)
    every = np.concatenate([np.arange(amount.size), np.nonzero(again)[0]])
    raised = np.arange(every.size) >= amount.size
    unit = np.where(kind == "tickets", 1, 0)[every]
    return pl.DataFrame(
        {
            "target_id": codes("TG", every.size),
            "starts_on": dates(firm.start, begins[every]),
            "ends_on": dates(firm.start, ends[every]),
            "kind": kind[every],
            "amount": np.where(raised, np.round(rounded[every] * 1.1), rounded[every]),
            "currency": np.full(every.size, firm.currency),
            "rep": texts(crew.sellers, np.maximum(who[every], 0), who[every] >= 0),
            "unit": crew.units[unit],
            "set_at": times(firm.start, np.minimum(begins[every] + np.where(raised, 4.3, -12.6), firm.days - 0.5)),
        }
    )


def _spans(firm: Firm) -> list[tuple[int, int]]:
    """First and last day of each month told, whole, and of the one after."""
    firsts = [month.first for month in firm.months]
    for _ in range(2):
        last = firsts[-1]
        firsts.append(last.replace(year=last.year + last.month // 12, month=last.month % 12 + 1))
    days = [(first - firm.start).days for first in firsts]
    return [(begin, after - 1) for begin, after in pairwise(days)]


def forecasts(firm: Firm) -> pl.DataFrame:
    """What the planner expects of the best-selling products in each month and the next: the mean of the three whole months
    before the forecast is made, give or take a tenth. Nothing of the month itself is known to it."""
    rng, lines = firm.stream("forecasts"), firm.tables["order_lines"]
    best = lines.group_by("product_id").len().sort("len", "product_id", descending=[True, False])["product_id"][:_FORECAST]
    lines = lines.filter(pl.col("product_id").is_in(best.implode()))
    place = {each: at for at, each in enumerate(best.to_list())}
    product = lines["product_id"].replace_strict(place, return_dtype=pl.Int64).to_numpy()
    day = np.floor((lines["sold_at"].dt.date() - firm.start).dt.total_days().to_numpy()).astype(np.int64)
    sold = np.zeros((2, best.len(), firm.days + 1))
    for at, column in enumerate(("quantity", "net")):
        np.add.at(sold[at], (product, day), lines[column].to_numpy())
    total = np.cumsum(sold, axis=2)
    frames = []
    for begin, last in _spans(firm):
        made = begin - _MADE_BEFORE
        end = int(made) - 1
        if end < 91 or made >= firm.days:
            continue
        expected = (total[:, :, end] - total[:, :, end - 91]) / 91 * (last - begin + 1)
        frames.append((begin, made, expected * rng.normal(1.0, 0.1, expected.shape[1])))
    size = best.len()
    return pl.DataFrame(
        {
            "forecast_id": codes("FC", size * len(frames)),
            "made_at": times(firm.start, np.repeat([made + 0.4 for _, made, _ in frames], size)),
            "for_month": dates(firm.start, np.repeat([begin for begin, _, _ in frames], size)),
            "product_id": pl.concat([best] * len(frames)) if frames else best[:0],
            "quantity": np.concatenate([each[0] for *_, each in frames]).round(1) if frames else [],
            "amount": money(np.concatenate([each[1] for *_, each in frames])) if frames else [],
            "currency": np.full(size * len(frames), firm.currency),
        }
    )
