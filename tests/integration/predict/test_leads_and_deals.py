"""Leads, opportunities and bills of a company whose law is known: what the models find of what could be found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
import pytest
from known_companies import Known, Told, Written
from test_leaks import CUTOFF, another_future

from kith_platform.facts.catalogue import FactCatalogue
from kith_platform.plugins import Plugins
from kith_platform.predict import cases, matured, protocol
from kith_platform.predict.cases import Cases
from kith_platform.predict.deals import DEAL
from kith_platform.predict.evidence import Floats
from kith_platform.predict.fits.evaluation import auc, value
from kith_platform.predict.leads import LEAD
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.payment_risk import PAYMENT_RISK
from kith_platform.predict.training import Evidence, Trained
from kith_platform.simulator import Company, simulate
from kith_platform.simulator.telling import Law, telling

ENDS = dt.date(2026, 6, 30)
ASKED = {asked.key: asked for asked in (LEAD, DEAL, PAYMENT_RISK)}
Samples = tuple[protocol.Labelled, protocol.Labelled, protocol.Labelled]


@dataclass(frozen=True)
class Telling:
    known: Known
    law: Law

    kept: dict[str, Samples] = field(default_factory=dict)  # the same looks serve several tests

    def samples(self, key: str) -> Samples:
        if key not in self.kept:
            self.kept[key] = self._samples(key)
        return self.kept[key]

    def _samples(self, key: str) -> Samples:
        asked, evidence = ASKED[key], self.known.evidence
        began = cases.began(asked, evidence)
        assert began is not None
        return cases.samples(asked, evidence, cases.plan(began, evidence.question.cutoff, asked.settles(evidence)))

    def train(self, asked: Cases) -> Trained:
        return cases.train(asked, self.known.evidence)

    def optimum(self, asked: Cases, chances: Floats) -> float:
        best = value(auc, self.samples(asked.key)[2].outcome, chances)
        assert best is not None
        return best


@pytest.fixture(scope="module")
def told_company() -> tuple[Company, Law]:
    return telling(simulate("retailer", regime="well_specified", customers=300, years=3.0, seed=11, ends_on=ENDS))


@pytest.fixture(scope="module")
def company(written: Written, told_company: tuple[Company, Law]) -> Iterator[Telling]:
    with written("retailer", "well_specified", 300, company=told_company[0]) as known:
        yield Telling(known, told_company[1])


def holds(trained: Trained, best: float, told: Told) -> None:
    found = trained.metrics
    for name in ("customers", "positives", "auc", "ece", "calibration_slope", "pr_auc", "rule_pr_auc"):
        told(name, found[name])
    told("optimum AUC", best)
    assert (trained.verdict, trained.ships) == ("better_than_baseline", True)
    assert found["auc"] >= 0.9 * best
    assert found["ece"] <= 0.05
    assert 0.8 <= found["calibration_slope"] <= 1.2


def test_leads_are_told_apart_nearly_as_well_as_they_can_be_and_said_as_they_come(company: Telling, told: Told) -> None:
    trained, rows = company.train(LEAD), company.samples(LEAD.key)[2].matrix
    holds(trained, company.optimum(LEAD, company.law.lead_chance(rows.ids - 1, rows.column("lead_age"))), told)
    assert trained.scored is not None
    open_now = company.known.company.tables["leads"].with_row_index("id", offset=1)
    open_now = open_now.filter(pl.col("converted_at").is_null() & pl.col("disqualified_at").is_null())
    assert set(trained.scored.customer_ids.tolist()) <= set(open_now["id"].to_list()), "what is over has no score"
    assert trained.scored.ranked == "expected_value"
    worth = trained.scored.extra["expected_value"] / trained.scored.values
    assert np.ptp(worth) > 0, "customers of some channels bring more"
    assert worth.min() > 0


def test_opportunities_are_told_apart_by_who_sells_them_and_the_pipeline_is_weighed_by_stage(
    company: Telling, told: Told
) -> None:
    trained, rows = company.train(DEAL), company.samples(DEAL.key)[2].matrix
    place = rows.column("deal_position").astype(np.int64)
    holds(trained, company.optimum(DEAL, company.law.deal_chance(rows.ids - 1, place)), told)
    stages = trained.report["by_stage"]
    assert [row["group"] for row in stages] == [1.0, 2.0, 3.0, 4.0]
    assert all(abs(row["mean_probability"] - row["rate"]) <= 0.12 for row in stages if row["n"] >= 100)
    assert not any("customer" in name for name in trained.features), "a customer is often entered with the win"


def test_a_column_of_leads_that_is_filled_with_the_outcome_is_named_and_left_out(company: Telling) -> None:
    ends, until = LEAD.ends(company.known.evidence), company.known.evidence.question.cutoff

    def look(evidence: Evidence, days: Sequence[dt.date]) -> cases.Looked:
        """With a column that says who converted, as one that sales fill in afterwards."""
        rows = LEAD.look(evidence, days)
        known = np.nan_to_num(ends.outcome(rows, until, LEAD.within))
        matrix = rows.matrix
        wider = Matrix(matrix.ids, np.column_stack([matrix.values, known]), (*matrix.names, "afterwards"), matrix.senses)
        return replace(rows, matrix=wider)

    leaking, honest = company.train(replace(LEAD, look=look)), company.train(LEAD)
    (warning,) = leaking.warnings
    assert (warning["code"], warning["features"]) == ("leaks_left_out", ["afterwards"])
    assert warning["with_auc"] > 0.98
    assert warning["auc"] == pytest.approx(honest.metrics["auc"])
    assert leaking.artefact == honest.artefact, "the model is what it is without the column"
    assert honest.warnings == ()


def test_what_was_said_a_while_ago_is_judged_by_how_it_ended(company: Telling, told: Told) -> None:
    """At the first look of the test, by chances that are exactly right: as the test would, but of that week's bills alone."""
    evidence, law = company.known.evidence, company.law
    for key, asked in ASKED.items():
        settles = asked.settles(evidence)
        first = cases.began(asked, evidence)
        assert first is not None
        day = cases.plan(first, evidence.question.cutoff, settles).test[0]
        rows = asked.look(evidence, (day - dt.timedelta(days=7) if asked is PAYMENT_RISK else day,)).matrix
        if asked is LEAD:
            chances = law.lead_chance(rows.ids - 1, rows.column("lead_age"))
        elif asked is DEAL:
            chances = law.deal_chance(rows.ids - 1, rows.column("deal_position").astype(np.int64))
        else:
            chances = law.bill_chance(rows.ids - 1)
        # Whom nobody knows any more, and bills of older weeks, are not judged.
        strangers = np.append(rows.ids, [9_999_999])
        said = matured.Said(
            strangers, np.append(chances, 0.5), np.full(strangers.size, np.nan), day, day + dt.timedelta(days=settles)
        )
        found = matured.of_cases(asked, evidence, said)
        told(key, found)
        assert found["judged"] <= rows.ids.size
        if found["state"] == matured.JUDGED:
            assert found["auc"] > 0.6
        everything = np.unique(np.append(rows.ids, np.arange(1, 400)))
        wider = matured.Said(everything, np.full(everything.size, 0.5), np.full(everything.size, np.nan), said.start, said.end)
        judged = matured.of_cases(asked, evidence, wider)["judged"]
        assert judged == found["judged"] if asked is PAYMENT_RISK else judged > found["judged"]
    window = matured.window(dt.date(2026, 1, 1), {"settles_days": 90, "horizon_days": 5})
    assert window == (dt.date(2026, 1, 2), dt.date(2026, 4, 2))


def test_no_opportunity_and_no_lead_is_judged_by_what_it_was_learned_from(company: Telling) -> None:
    for key in ASKED:
        parts = [set(part.matrix.ids.tolist()) for part in company.samples(key)]
        assert all(parts)
        assert not parts[0] & parts[1]
        assert not parts[1] & parts[2]
        assert not parts[0] & parts[2]


def test_late_bills_are_foretold_by_how_the_customer_paid_and_their_loss_adds_up(company: Telling, told: Told) -> None:
    trained, rows = company.train(PAYMENT_RISK), company.samples(PAYMENT_RISK.key)[2].matrix
    holds(trained, company.optimum(PAYMENT_RISK, company.law.bill_chance(rows.ids - 1)), told)
    assert trained.tier in ("scorecard", "xgboost")
    found = trained.metrics
    assert found["ks"] > 0.3
    assert 0.75 <= found["expected_loss"] / found["actual_loss"] <= 1.33
    scored, amounts = trained.scored, company.known.company.tables["invoices"]["amount"].to_numpy()
    assert scored is not None
    losses = scored.values * amounts[scored.customer_ids - 1] * found["lgd"]
    assert np.allclose(scored.extra["expected_loss"], losses)


def test_another_future_leaves_what_was_known_of_leads_opportunities_and_bills_as_it_was(
    written: Written, plugins: Plugins
) -> None:
    made = simulate("retailer", regime="well_specified", customers=60, years=2.0, seed=5, ends_on=ENDS)
    company, _law = telling(made, leads=900, opportunities=700, bills=900)
    other = another_future(company, FactCatalogue(plugins.facts()), np.random.default_rng(1))
    days = [CUTOFF - dt.timedelta(days=back) for back in (63, 14, 7)]
    before = {LEAD: (*days, CUTOFF), DEAL: (*days, CUTOFF), PAYMENT_RISK: days}
    found = []
    for tables in (None, other):
        with written("retailer", "well_specified", 60, company=company, tables=tables) as known:
            found.append({asked.key: asked.look(known.evidence, looks) for asked, looks in before.items()})
    for key, one in found[0].items():
        assert np.array_equal(one.matrix.ids, found[1][key].matrix.ids), key
        different = [
            name for name in one.matrix.names if one.matrix.column(name).tobytes() != found[1][key].matrix.column(name).tobytes()
        ]
        assert different == [], key
        assert one.matrix.ids.size > 20, key


def test_a_company_without_leads_or_with_a_short_history_is_told_what_is_missing(written: Written) -> None:
    made = simulate("retailer", regime="well_specified", customers=60, years=0.5, seed=3, ends_on=ENDS)
    with written("retailer", "well_specified", 60, company=made) as known:
        nothing = [cases.train(asked, known.evidence) for asked in (LEAD, PAYMENT_RISK)]
    assert [(one.ships, one.verdict, one.verdict_params["facts"]) for one in nothing] == [
        (False, "nothing_of_it", "leads"),
        (False, "nothing_of_it", "invoices"),
    ]
    short, _law = telling(made, leads=80, opportunities=60, bills=60)
    with written("retailer", "well_specified", 60, company=short) as known:
        for asked in (LEAD, DEAL, PAYMENT_RISK):
            trained = cases.train(asked, known.evidence)
            assert (trained.ships, trained.verdict) == (False, "cases_too_short")
            assert trained.verdict_params["needs"] > trained.verdict_params["has"]
            assert trained.scored is not None
            assert trained.scored.tier == "rule"
