"""What is typical of a score: the features that move it most, with the customer's own numbers. Never "because of".

TreeSHAP costs about .3 ms a row and core (`bench/scoring.py`), a score itself a hundredth of that. So up to EXPLAINED rows each
has its reasons; of more the highest tenth has them, and the others get theirs when somebody looks (`predict/explain.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kith_platform.predict.evidence import Floats

TOP = 3
EXPLAINED = 50_000
LOOKED_AT = 20_000  # rows that tell what drives a model: more would change no figure that is shown

Contributions = Callable[[Floats], Floats]  # values (n, k) to (n, k + 1) on the log-odds scale, the bias last


def of_rows(
    contributions: Contributions, values: Floats, names: tuple[str, ...], ranked: Floats, *, sign: int = 1
) -> list[list[dict[str, Any]]]:
    """`top_reasons` of each row of `values` (n, k); where there are more than EXPLAINED, of the tenth of them that ranks highest
    by `ranked` (n,), and [] of the others. `sign` −1 where a low margin is a high score.
    """
    count = values.shape[0]
    if count <= EXPLAINED:
        return top_reasons(sign * contributions(values), values, names)
    highest = np.sort(np.argsort(-ranked, kind="stable")[: -(-count // 10)])
    found: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    told = top_reasons(sign * contributions(values[highest]), values[highest], names)
    for row, reasons in zip(highest, told, strict=True):
        found[row] = reasons
    return found


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


def drivers(contributions: Contributions, values: Floats, names: tuple[str, ...], *, sign: int = 1) -> list[dict[str, Any]]:
    """Features by mean absolute contribution, with their direction: the correlation's sign of value and contribution.

    Of more than LOOKED_AT rows as many are looked at, evenly spread over them.
    """
    if values.shape[0] > LOOKED_AT:
        values = values[np.linspace(0, values.shape[0] - 1, LOOKED_AT).astype(np.int64)]
    pushes = sign * contributions(values)[:, :-1]
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
