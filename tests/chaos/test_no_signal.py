"""Twenty companies in which nothing foretells anything: no model may be found better than its rule. Long, so it lies here."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
from written_companies import frames_of

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.plugins import Plugins
from kith_platform.predict.core import CORE
from kith_platform.predict.evidence import PurchaseDays
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.tasks import of_model
from kith_platform.predict.training import Evidence, Question
from kith_platform.simulator import simulate

SEEDS = range(1, 21)
ENDS = dt.date(2026, 6, 30)


@pytest.mark.parametrize(("kind", "customers"), [("retailer", 800), ("subscription", 1_500)])
def test_at_least_19_of_20_companies_without_a_signal_keep_the_rule(kind: str, customers: int, tmp_path: Path) -> None:
    """A model ships where it is better than its rule by its whole interval; where nothing could be judged, it does not."""
    plugins = Plugins()
    tasks = [*CORE, *(of_model(model, plugin) for plugin, model in plugins.brought("models", plugins.loaded))]
    shipped: Counter[str] = Counter({task.key: 0 for task in tasks})
    verdicts: dict[str, Counter[str]] = {task.key: Counter() for task in tasks}
    for seed in SEEDS:
        company = simulate(kind, regime="no_signal", customers=customers, years=3.0, seed=seed, ends_on=ENDS)
        with frames_of(company, tmp_path / str(seed), FactCatalogue(plugins.facts())) as frames:
            purchases = PurchaseDays.all(frames)
            question = Question(frames=frames, as_of=frames.last_day, seed=seed, threads=1)
            evidence = Evidence(question, CORE_FEATURE_SETS, lambda known=purchases: known)
            for task in tasks:
                trained = task.train(evidence)
                verdicts[task.key][trained.verdict] += 1
                if trained.ships:
                    shipped[task.key] += 1
                    print(f"{kind}, seed {seed}: {task.key} ships, {dict(trained.verdict_params)}", flush=True)  # noqa: T201
    for key, found in verdicts.items():
        print(f"{kind}: {key} ships {shipped[key]} of {len(SEEDS)}; {dict(found)}", flush=True)  # noqa: T201
    # What a plan costs is known, and foretells what its holder pays, however long that is.
    wrong = {key: count for key, count in shipped.items() if (kind, key) != ("subscription", "clv")}
    assert max(wrong.values()) <= 1, "a model is found better where there is nothing to find"
