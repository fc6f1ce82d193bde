"""A model that a module brings is asked, learned and judged like core's own."""

from __future__ import annotations

import datetime as dt

import polars as pl
from known_companies import Written

from kith_platform.plugins import Plugins
from kith_platform.predict import classify
from kith_platform.predict.asked import classification
from kith_platform.predict.calendar import plan
from kith_platform.sdk.models import Model


def test_retail_learns_who_sends_goods_back_and_labels_whom_the_returns_name(written: Written, plugins: Plugins) -> None:
    (model,) = [one for _plugin, one in plugins.brought("models", ["industry_retail"])]
    assert isinstance(model, Model)
    assert model.key == "industry_retail.returns"
    asked = classification(model)
    with written("retailer", "misspecified", 700, years=2.0) as known:
        evidence = known.evidence
        trained = classify.train(asked, evidence)
        began = asked.began(evidence)
        assert began is not None
        calendar = plan(began, known.question.cutoff, model.horizon_days)
        test = classify.labelled(asked, evidence, calendar.test, calendar)
        start, end = calendar.window(calendar.test)
        returns = known.company.tables["returns"]
        inside = returns.filter(pl.col("returned_at").cast(pl.Date).is_between(start, end, closed="left"))
        back = set(inside["customer_id"].to_list())
    said = {name for name, came in zip(known.ids(test.matrix.ids), test.outcome, strict=True) if came}
    assert said == back & set(known.ids(test.matrix.ids))
    assert len(said) > 10
    assert trained.verdict in ("better_than_baseline", "no_better_than_baseline")
    assert trained.scored is not None
    assert trained.warnings == (), "no honest feature is suspected"
    assert dt.timedelta(days=model.horizon_days) == end - start
