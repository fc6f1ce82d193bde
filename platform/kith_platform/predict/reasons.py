"""What is typical of a score: the features that move it most, with the customer's own numbers. Never "because of"."""

from __future__ import annotations

from typing import Any

import numpy as np

from kith_platform.predict.evidence import Floats

TOP = 3


def top_reasons(contributions: Floats, values: Floats, names: tuple[str, ...]) -> list[list[dict[str, Any]]]:
    """Per row, up to three features that push hardest the way the score leans from the mean.

    `contributions` (n, k + 1) on the log-odds scale with the bias last, `values` (n, k). Each reason is
    {"feature", "value" (None where missing), "effect" (log-odds)}.
    """
    pushes = contributions[:, :-1]
    if not pushes.size:
        return [[] for _ in range(pushes.shape[0])]
    lean = np.sign(pushes.sum(axis=1))
    lean[lean == 0] = 1.0
    strength = pushes * lean[:, None]
    order = np.argsort(-strength, axis=1, kind="stable")[:, :TOP]
    found = []
    for row, best in enumerate(order):
        found.append(
            [
                {
                    "feature": names[column],
                    "value": None if np.isnan(values[row, column]) else round(float(values[row, column]), 4),
                    "effect": round(float(pushes[row, column]), 4),
                }
                for column in best
                if strength[row, column] > 0
            ]
        )
    return found


def drivers(contributions: Floats, values: Floats, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Features by mean absolute contribution, with their direction: the correlation's sign of value and contribution."""
    pushes = contributions[:, :-1]
    weight = np.abs(pushes).mean(axis=0) if pushes.shape[0] else np.zeros(len(names))
    total = float(weight.sum()) or 1.0
    found = []
    for column in np.argsort(-weight, kind="stable"):
        if weight[column] <= 0:
            continue
        known = ~np.isnan(values[:, column])
        spread = values[known, column].std() * pushes[known, column].std() if known.any() else 0.0
        direction = float(np.corrcoef(values[known, column], pushes[known, column])[0, 1]) if spread > 0 else 0.0
        found.append(
            {"feature": names[column], "weight": float(weight[column]) / total, "direction": int(np.sign(round(direction, 2)))}
        )
    return found
