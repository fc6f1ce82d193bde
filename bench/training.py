"""Train, calibrate and evaluate one classifier, against bare xgb.train on the same matrix with the same settings."""

from __future__ import annotations

import numpy as np
import xgboost
from numpy.typing import NDArray
from rows import Row, alternating, say, size

from kith_platform.jobs.resources import cores
from kith_platform.predict import protocol
from kith_platform.predict.churn import CHURN
from kith_platform.predict.fits import boosted
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.protocol import Labelled

FEATURES = 30
NAMES = ("rho", "recency", "purchase_days", "tenure", *(f"f{number}" for number in range(FEATURES - 4)))


def customers(random: np.random.Generator, count: int) -> Labelled:
    """Customers whose leaving follows lateness and a few features, with noise and gaps."""
    values: NDArray[np.float64] = random.lognormal(size=(count, FEATURES))
    margin = values[:, 0] - 0.5 * np.log(values[:, 2]) + 0.4 * np.sin(values[:, 5]) - 1.5 + random.normal(size=count)
    values[random.random(values.shape) < 0.05] = np.nan
    values[:, :4] = np.nan_to_num(values[:, :4], nan=1.0)
    outcome = (random.random(count) < 1 / (1 + np.exp(-margin))).astype(np.float64)
    return Labelled(Matrix(np.arange(count), values, NAMES, {"rho": 1}), outcome)


def measure() -> list[Row]:
    random = np.random.default_rng(1)
    count, threads = size(200_000), cores()
    train, validation, test = customers(random, count), customers(random, count // 4), customers(random, count // 4)

    def ours() -> None:
        protocol.learn(CHURN.rule, CHURN.plain, train, validation, test, seed=1, threads=threads)

    def bare() -> None:
        rarer = min(train.outcome.sum(), train.outcome.size - train.outcome.sum())
        seen, judged = (
            xgboost.DMatrix(one.matrix.values, label=one.outcome, feature_names=list(NAMES), nthread=threads)
            for one in (train, validation)
        )
        xgboost.train(
            boosted._settings(rarer, NAMES, train.matrix.senses, 1, threads),  # noqa: SLF001 - the same settings
            seen,
            num_boost_round=boosted.ROUNDS,
            evals=[(judged, "validation")],
            early_stopping_rounds=boosted.EARLY_STOP,
            verbose_eval=False,
        )

    say(f"training on {count} rows × {FEATURES} features, and xgb.train alone, in turns")
    took, reference = alternating(ours, bare)
    ratio = took / reference
    return [
        Row(
            name=f"train + calibrate + evaluate, {count} rows",
            value=took,
            unit="s",
            reference=reference,
            ratio=ratio,
            budget="≤ 1.5 × xgb.train",
            met=ratio <= 1.5,
        )
    ]
