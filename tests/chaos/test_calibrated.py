"""Every model that says a chance, on larger companies of both regimes: what is said is what comes. Long, so it lies here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from written_companies import frames_of

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.jobs.resources import cores
from kith_platform.plugins import Plugins
from kith_platform.predict.core import CORE
from kith_platform.predict.evidence import PurchaseDays
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.tasks import of_model
from kith_platform.predict.training import Evidence, Question
from kith_platform.simulator import simulate

ENDS = dt.date(2026, 6, 30)
SAID = ("customers", "positives", "auc", "rule_auc", "ece", "calibration_slope")
ENOUGH = 100  # positives among those judged, below which neither figure says much


@pytest.mark.parametrize("regime", ["well_specified", "misspecified"])
@pytest.mark.parametrize("kind", ["retailer", "subscription"])
def test_what_models_say_is_what_comes(kind: str, regime: str, tmp_path: Path) -> None:
    plugins = Plugins()
    tasks = [*CORE, *(of_model(model, plugin) for plugin, model in plugins.brought("models", plugins.loaded))]
    sets = [*CORE_FEATURE_SETS, *(found for _plugin, found in plugins.brought("feature_sets", plugins.loaded))]
    company = simulate(kind, regime=regime, customers=20_000, years=3.0, seed=7, ends_on=ENDS)
    wrong = []
    with frames_of(company, tmp_path, FactCatalogue(plugins.facts()), threads=cores()) as frames:
        purchases = PurchaseDays.all(frames)
        question = Question(frames=frames, as_of=frames.last_day, seed=7, threads=cores())
        evidence = Evidence(question, sets, lambda: purchases)
        for task in tasks:
            trained = task.train(evidence)
            found = {name: trained.metrics.get(name) for name in SAID}
            said = {name: round(value, 3) for name, value in found.items() if value is not None}
            print(f"{kind}, {regime}: {task.key} {trained.verdict} {said}", flush=True)  # noqa: T201
            # Which reason it would be has no yes and no slope: there the leavers who are judged count.
            reasons = task.key == "leaving_reason"
            if not trained.ships or found["ece"] is None or (found["customers" if reasons else "positives"] or 0) < ENOUGH:
                continue
            if found["ece"] > 0.05 or not (reasons or 0.8 <= (found["calibration_slope"] or 0.0) <= 1.2):
                wrong.append(task.key)
    assert wrong == []
