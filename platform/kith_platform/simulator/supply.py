"""Dealings with those who supply the company: what was ordered and came, what was billed and paid."""

from __future__ import annotations

import numpy as np
import polars as pl

from kith_platform.simulator.columns import codes, dates, money, numbers, texts, times
from kith_platform.simulator.firm import Firm

SUPPLIERS = ("Amber Mills", "Birch Press", "Clay Works", "Dune Foods", "Elm Glass", "Fir Textiles")
_LINES = 5  # deliveries a month from each


def supplier_transactions(firm: Firm) -> pl.DataFrame:
    """Five deliveries and one invoice a month from each supplier; one delivery in twelve comes late, one in fifteen short."""
    rng = firm.stream("suppliers")
    supplier, month, line = (each.ravel() for each in np.indices((len(SUPPLIERS), len(firm.months), _LINES + 1)))
    begins = np.array([month.begins for month in firm.months], dtype=np.int64)[month]
    billed, size = line == _LINES, supplier.size
    ordered = firm.office(begins + np.where(billed, 1.0 + 4.0 * supplier, 4.0 * line) + rng.uniform(0.0, 1.0, size))
    promised = np.floor(ordered) + rng.integers(4, 12, size)
    came = promised + np.where(rng.random(size) < 1 / 12, rng.integers(1, 9, size), -rng.integers(0, 2, size))
    quantity = rng.integers(20, 200, size).astype(float)
    short = np.where(rng.random(size) < 1 / 15, np.floor(quantity * 0.9), quantity)
    due = np.floor(ordered) + 30.0
    paid = due + np.where(rng.random(size) < 0.06, rng.integers(1, 12, size), -rng.integers(0, 6, size))
    amount = money(quantity * (6.0 + 3.0 * supplier) * np.where(billed, _LINES, 1))
    came, paid = firm.only(np.where(billed, np.nan, came)), firm.only(np.where(billed, paid, np.nan))
    products = firm.tables["products"]["product_id"].to_numpy()
    return pl.DataFrame(
        {
            "supplier_tx_id": codes("SX", size),
            "ordered_at": times(firm.start, ordered),
            "supplier": np.array(SUPPLIERS)[supplier],
            "kind": np.where(billed, "invoice", "delivery"),
            "product_id": texts(products, rng.integers(0, products.size, size), ~billed),
            "quantity": numbers(quantity, ~billed),
            "promised_on": dates(firm.start, np.where(billed, np.nan, promised)),
            "delivered_on": dates(firm.start, came),
            "delivered_quantity": numbers(short, np.isfinite(came)),
            "amount": amount,
            "currency": np.full(size, firm.currency),
            "due_on": dates(firm.start, np.where(billed, due, np.nan)),
            "paid_on": dates(firm.start, paid),
            "our_saving": numbers(money(amount * rng.uniform(0.02, 0.1, size)), billed),
            "their_margin": numbers(money(amount * rng.uniform(0.05, 0.18, size)), billed),
        }
    ).filter(pl.Series(ordered < firm.days))
