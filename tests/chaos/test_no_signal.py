"""Twenty companies in which nothing foretells anything: no model may be found better than its rule. Long, so it lies here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from written_companies import frames_of

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.predict import classify, clv, next_purchase
from kith_platform.predict.asked import classification
from kith_platform.predict.churn import CHURN
from kith_platform.predict.evidence import PurchaseDays
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.training import Evidence, Question
from kith_platform.predict.winback import WINBACK
from kith_platform.simulator import simulate

SEEDS, CUSTOMERS = range(1, 21), 800
ENDS = dt.date(2026, 6, 30)


def test_at_least_19_of_20_companies_without_a_signal_keep_the_rule(tmp_path: Path) -> None:
    kept = {"churn": 0, "clv": 0, "next_purchase": 0, "winback": 0}
    for seed in SEEDS:
        company = simulate("retailer", regime="no_signal", customers=CUSTOMERS, years=3.0, seed=seed, ends_on=ENDS)
        with frames_of(company, tmp_path / str(seed), FactCatalogue()) as frames:
            purchases = PurchaseDays.all(frames)
            question = Question(frames=frames, as_of=frames.last_day, seed=seed, threads=1)
            evidence = Evidence(question, CORE_FEATURE_SETS, lambda known=purchases: known)
            found = {
                "churn": classify.train(CHURN, evidence),
                "clv": clv.train(evidence),
                "next_purchase": next_purchase.train(evidence),
                "winback": classify.train(classification(WINBACK), evidence),
            }
        for task, trained in found.items():
            kept[task] += not trained.ships  # whether it was judged and found no better, or could not be judged at all
            if trained.verdict != "no_better_than_baseline":
                print(f"seed {seed}: {task} {trained.verdict} {dict(trained.verdict_params)}")  # noqa: T201
    print(f"no better than the rule: {kept} of {len(SEEDS)} companies without a signal")  # noqa: T201
    assert min(kept.values()) >= 19
