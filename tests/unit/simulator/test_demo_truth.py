"""The truth of a demo company is the measure of the product's models: here it is measured itself."""

from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from kith_platform.predict.fits import bgnbd
from kith_platform.simulator import Company, Truth, auc, simulate

ENDS = date(2026, 6, 30)
CUTOFFS = (date(2025, 3, 1), date(2025, 9, 1), date(2026, 3, 1))


def big(kind: str, regime: str, customers: int) -> Company:
    return simulate(kind, regime=regime, customers=customers, years=3, seed=11, ends_on=ENDS)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def well() -> Truth:
    return big("retailer", "well_specified", 8000).truth


@pytest.fixture(scope="module", params=["retailer", "subscription"])
def noise(request: pytest.FixtureRequest) -> Company:
    return big(request.param, "no_signal", 8000)


@pytest.fixture(scope="module")
def real() -> Company:
    return big("retailer", "misspecified", 4000)


def history(truth: Truth, cutoff: date) -> dict[str, NDArray[np.float64]]:
    """Simple features of those who bought before the cutoff: what any product would compute. NaN for the others."""
    day = truth.calendar.day(cutoff)
    before = truth.bought.where(truth.bought.day < day)
    count = np.bincount(before.who, minlength=truth.left.size).astype(float)
    first, last = np.full(count.size, np.nan), np.full(count.size, np.nan)
    last[before.who] = before.day
    first[before.who[::-1]] = before.day[::-1]
    spend = np.bincount(before.who, truth.spent[truth.bought.day < day], minlength=count.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = np.where(count > 1, (last - first) / (count - 1), np.nan)
        tau = (3 * np.nanmedian(gaps) + (count - 1) * np.nan_to_num(gaps)) / (2 + count)
        features = {
            "recency": day - last,
            "frequency": count,
            "rho": (day - last) / tau,
            "tenure": day - first,
            "spend": spend / count,
        }
    return {name: np.where(count > 0, values, np.nan) for name, values in features.items()}


def test_bgnbd_finds_the_parameters_the_world_was_made_of(well: Truth) -> None:
    cutoff = ENDS - timedelta(days=180)
    seen = history(well, cutoff)
    bought = ~np.isnan(seen["tenure"])
    weeks = {name: seen[name][bought] / 7 for name in ("tenure", "recency")}
    model = bgnbd.fit(seen["frequency"][bought] - 1, weeks["tenure"] - weeks["recency"], weeks["tenure"])
    assert (model.r, model.alpha) == (pytest.approx(1.1, rel=0.15), pytest.approx(7.0, rel=0.2))
    assert (model.a, model.b) == (pytest.approx(0.8, rel=0.25), pytest.approx(2.8, rel=0.3))


def test_the_best_score_of_the_well_specified_world_is_calibrated(well: Truth) -> None:
    cutoff = ENDS - timedelta(days=200)
    probability = well.churn_probability(cutoff, 90, gap_days=7, knowing="history")
    silent, joined = well.silent(cutoff), well.joined(cutoff)
    for low in np.arange(0.0, 1.0, 0.2):
        band = joined & (probability >= low) & (probability < low + 0.2)
        if band.sum() > 300:
            assert silent[band].mean() == pytest.approx(probability[band].mean(), abs=0.05)
    expected = well.expected_purchases(cutoff, 200, knowing="history")
    real = well.realised_purchases(cutoff, ENDS + timedelta(days=1))
    assert np.nansum(expected) == pytest.approx(real[joined].sum(), rel=0.05)


def test_where_there_is_no_signal_nothing_foretells_silence(noise: Company) -> None:
    truth = noise.truth
    for cutoff in CUTOFFS:
        silent = truth.silent(cutoff)
        for name, values in history(truth, cutoff).items():
            bought = ~np.isnan(values)
            assert abs(auc(silent[bought], values[bought]) - 0.5) <= 0.03, (cutoff, name)
        joined = truth.joined(cutoff)
        assert truth.optimum(truth.customer_ids[joined].tolist(), silent[joined], cutoff) == 0.5
        assert silent[joined].mean() == pytest.approx(np.exp(-90 / 60), abs=0.02)


def test_complaints_visits_and_opened_mail_foretell_nothing_either(noise: Company) -> None:
    truth, cutoff = noise.truth, CUTOFFS[1]
    silent, joined = truth.silent(cutoff), truth.joined(cutoff)
    moments = {"tickets": "opened_at", "events": "happened_at", "touches": "opened_at", "survey_responses": "answered_at"}
    for name, moment in moments.items():
        table = noise.tables[name].drop_nulls(moment)
        recent = table.filter(table[moment].dt.date().is_between(cutoff - timedelta(days=90), cutoff - timedelta(days=1)))
        count = np.bincount(truth.rows(recent["customer_id"].to_list()), minlength=joined.size)
        assert abs(auc(silent[joined], count[joined].astype(float)) - 0.5) <= 0.03, name


def test_in_the_demo_retailer_the_best_score_beats_the_rhythm_rule_clearly(real: Company) -> None:
    truth, cutoff = real.truth, date(2026, 3, 1)
    seen = history(truth, cutoff)
    here = ~np.isnan(seen["rho"]) & ~((seen["rho"] > 3) & (seen["recency"] >= 30))
    silent = truth.silent(cutoff)[here]
    best = truth.optimum(truth.customer_ids[here].tolist(), silent, cutoff)
    rule = auc(silent, (seen["rho"][here] > 1.5).astype(float))
    print(f"optimum {best:.3f}, rho rule {rule:.3f}, leavers {silent.mean():.3f} of {here.sum()}")  # noqa: T201
    assert 0.04 < silent.mean() < 0.2
    assert best > 0.75
    assert best > rule + 0.1


def test_experiences_come_before_leaving_in_the_demo_retailer(real: Company) -> None:
    truth, cutoff = real.truth, date(2026, 3, 1)
    late = real.tables["orders"].filter(
        real.tables["orders"]["delivered_on"].is_between(cutoff - timedelta(days=45), cutoff - timedelta(days=1))
    )
    delay = (late["delivered_on"] - late["promised_on"]).dt.total_days()
    bad = np.bincount(truth.rows(late.filter(delay > 2)["customer_id"].to_list()), minlength=truth.left.size) > 0
    active = truth.alive_at(cutoff)
    leaves = active & ~truth.alive_at(cutoff + timedelta(days=60))
    assert leaves[active & bad].mean() > 1.5 * leaves[active & ~bad].mean()


def test_the_foresight_of_the_demo_retailer_adds_up_with_what_came(real: Company) -> None:
    truth = real.truth
    for cutoff in CUTOFFS:
        joined, end = truth.joined(cutoff), cutoff + timedelta(days=90)
        silent = truth.churn_probability(cutoff, 90, gap_days=7, knowing="history")
        assert np.nanmean(silent) == pytest.approx(truth.silent(cutoff)[joined].mean(), abs=0.02)
        bought = truth.realised_purchases(cutoff, end)[joined].sum()
        assert np.nansum(truth.expected_purchases(cutoff, 90, knowing="history")) == pytest.approx(bought, rel=0.06)
        money = truth.realised_money(cutoff, end)[joined].sum()
        assert np.nansum(truth.expected_money(cutoff, 90, knowing="history")) == pytest.approx(money, rel=0.08)


def test_who_knows_whether_a_customer_has_left_foresees_more(real: Company) -> None:
    truth, cutoff = real.truth, date(2025, 9, 1)
    joined, silent = truth.joined(cutoff), truth.silent(cutoff)
    knowing = truth.churn_probability(cutoff, 90, gap_days=7)
    seen = truth.churn_probability(cutoff, 90, gap_days=7, knowing="history")
    assert auc(silent[joined], knowing[joined]) > auc(silent[joined], seen[joined])
    gone = joined & ~truth.alive_at(cutoff)
    assert np.all(knowing[gone] == pytest.approx(1.0))
    assert truth.realised_purchases(cutoff, ENDS + timedelta(days=1))[gone].sum() == 0
    assert np.nanmean(truth.p_alive(cutoff)[joined]) == pytest.approx(truth.alive_at(cutoff)[joined].mean(), abs=0.02)


def test_each_customer_may_have_a_window_of_his_own(real: Company) -> None:
    truth, cutoff = real.truth, date(2025, 9, 1)
    mixed = np.where(np.arange(truth.left.size) % 2, 30, 90)
    short, long = (truth.churn_probability(cutoff, days, knowing="history") for days in (30, 90))
    both = truth.churn_probability(cutoff, mixed, knowing="history")
    assert np.array_equal(both, np.where(mixed == 30, short, long), equal_nan=True)
    joined = truth.joined(cutoff)
    assert np.all(short[joined] >= long[joined])


def test_questions_that_have_no_answer_are_refused(real: Company) -> None:
    truth = real.truth
    with pytest.raises(KeyError):
        truth.optimum(["nobody"], [True], date(2025, 9, 1))
    with pytest.raises(ValueError, match="both classes"):
        truth.optimum(truth.customer_ids[:5].tolist(), [False] * 5, date(2025, 9, 1))
    with pytest.raises(ValueError, match="after the data"):
        truth.silent(ENDS)
