"""BG/NBD on the CDNOW sample repeated 100 times (235,700 customers), against lifetimes. Both must find the same likelihood."""

from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rows import Row, Skipped, median, say, seconds, size
from scipy.special import gammaln

from kith_platform.predict.fits import bgnbd

FILE = Path(__file__).resolve().parents[2] / "shared" / "data" / "cdnow_sample.txt"
END = dt.date(1997, 9, 30)
COPIES = 100
Floats = NDArray[np.float64]


def statistics() -> tuple[Floats, Floats, Floats]:
    """Repeat purchase days, and weeks to the last purchase and to the end, per customer of the sample."""
    days: dict[str, set[dt.date]] = {}
    for line in FILE.read_text().splitlines():
        _, customer, day, *_ = line.split()
        days.setdefault(customer, set()).add(dt.datetime.strptime(day, "%Y%m%d").replace(tzinfo=dt.UTC).date())
    seen = [sorted(day for day in bought if day <= END) for bought in days.values()]
    rows = np.array([(len(one) - 1, (one[-1] - one[0]).days / 7, (END - one[0]).days / 7) for one in seen if one])
    return rows[:, 0], rows[:, 1], rows[:, 2]


def simulated(count: int = 2357) -> tuple[Floats, Floats, Floats]:
    """Customers drawn from the published parameters; as many as the sample has, where that is not here."""
    random = np.random.default_rng(1)
    rate, leave = random.gamma(0.243, 1 / 4.414, count), random.beta(0.793, 2.426, count)
    age = random.integers(27 * 7, 39 * 7, count) / 7
    rows = []
    for each in range(count):
        time, last, bought = 0.0, 0.0, 0
        while (time := time + random.exponential(1 / rate[each])) < age[each]:
            bought, last = bought + 1, np.ceil(time * 7) / 7
            if random.random() < leave[each]:
                break
        rows.append((bought, min(last, age[each]), age[each]))
    table = np.array(rows)
    return table[:, 0], table[:, 1], table[:, 2]


def log_likelihood(parameters: Any, x: Floats, t_x: Floats, T: Floats) -> float:  # noqa: N803
    """Formula 6 of Fader, Hardie & Lee (2005), written down a second time: neither library judges itself."""
    r, alpha, a, b = parameters
    start = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    stayed = -(r + x) * np.log(alpha + T)
    left = np.where(x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x), -np.inf)
    return float(np.sum(start + np.logaddexp(stayed, left)))


def measure() -> list[Row]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from lifetimes import BetaGeoFitter
    except ImportError as error:
        raise Skipped("lifetimes is not installed: `make bench` installs it from requirements-bench.lock") from error
    x, t_x, T = statistics() if FILE.exists() else simulated()  # noqa: N806
    x, t_x, T = (np.tile(column, max(1, size(COPIES, least=1))) for column in (x, t_x, T))  # noqa: N806
    say(f"fitting {x.size} customers, by Kith and by lifetimes")
    fitted: list[bgnbd.BgNbd] = []
    ours = median(lambda: fitted.append(bgnbd.fit(x, t_x, T)), runs=5)
    other = BetaGeoFitter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = seconds(lambda: other.fit(x, t_x, T))
    model = fitted[0]
    mine = log_likelihood((model.r, model.alpha, model.a, model.b), x, t_x, T)
    found = log_likelihood([other.params_[name] for name in ("r", "alpha", "a", "b")], x, t_x, T)
    same = abs(mine - found) <= 1e-6 * abs(found) and abs(mine - model.log_likelihood) <= 1e-8 * abs(mine)
    say(f"log-likelihood {mine:.3f} by Kith, {found:.3f} by lifetimes")
    ratio = theirs / ours
    many = size(1_000_000)
    say(f"drawing and fitting {many} customers")
    drawn = simulated(many)
    alone = median(lambda: bgnbd.fit(*drawn), runs=3)
    return [
        Row(
            name=f"BG/NBD fit, {x.size} customers",
            value=ours,
            unit="s",
            reference=theirs,
            ratio=ratio,
            budget="≥ 50 × faster than lifetimes, same log-likelihood",
            met=ratio >= 50 and same,
        ),
        Row(
            name=f"BG/NBD fit, {many} customers, each drawn on its own",
            value=alone,
            unit="s",
            budget="≤ 2 s on 2 cores",
            met=alone <= 2,
        ),
    ]
