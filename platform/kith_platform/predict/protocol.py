"""The protocol of domain.md D0 once rows have labels: a tier by size, calibration, the test against the rule, the verdict.

Rows may be customers at cutoffs, invoices at their issue, lines of a file: `Labelled` has their features and what came. Whoever
makes the rows answers for their split: training before validation before test, no day in two windows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kith_platform.i18n import N_
from kith_platform.predict.evidence import Floats
from kith_platform.predict.fits import bootstrap, calibration, evaluation, rates, tiers
from kith_platform.predict.fits.refusal import FitRefused, Reason
from kith_platform.predict.matrix import Matrix
from kith_platform.predict.reasons import drivers, of_rows
from kith_platform.predict.training import Progress, Scored, Trained

TOO_GOOD = 0.98  # an AUC from which a leak is likelier than a good model
LEAST_JUDGED = 50  # rows of validation and of test, below which nothing can be judged
Z99 = 2.576  # a company has a dozen models: by 95 % one of four companies without any signal would be told of one


@dataclass(frozen=True)
class Labelled:
    """Rows and what came: features (n, k), whose ids say whose the rows are, and outcome (n,), 0 or 1."""

    matrix: Matrix
    outcome: Floats

    def known(self) -> Labelled:
        """Without the rows whose outcome is NaN: they count as neither."""
        told = ~np.isnan(self.outcome)
        return Labelled(self.matrix.where(told), self.outcome[told])

    @staticmethod
    def stack(parts: list[Labelled]) -> Labelled:
        return Labelled(Matrix.stack([part.matrix for part in parts]), np.concatenate([part.outcome for part in parts]))


# What fits a model on training and validation rows and the columns that vary, given the rule, seed and threads; may refuse.
Fitter = Callable[[rates.Rule, Labelled, Labelled, tuple[str, ...], int, int], tiers.Classifier]


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A model, and what the test rows say of it against the rule. `ships` where it is better by its whole interval."""

    model: tiers.Classifier
    calibrated: calibration.Calibration
    rule: rates.Rates
    ships: bool
    metrics: Mapping[str, Any]
    report: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        return "better_than_baseline" if self.ships else "no_better_than_baseline"

    @property
    def verdict_params(self) -> dict[str, Any]:
        """Average precision of model and rule, and their difference with its 95 % interval (None where it cannot be told)."""
        ends = self.report["comparison"] or dict.fromkeys(("difference", "low", "high"))
        return {
            "measure": "average_precision",
            "model": self.metrics["pr_auc"],
            "baseline": self.metrics["rule_pr_auc"],
            **{name: ends[name] for name in ("difference", "low", "high")},
        }

    def score(self, rows: Matrix) -> Scored:
        """What serves says of rows: the model, or the rule where that is no worse."""
        return model_scores(rows, self.model, self.calibrated) if self.ships else rule_scores(rows, self.rule)

    def trained(self, now: Matrix, parameters: Mapping[str, Any]) -> Trained:
        """The outcome of the training, with scores of the rows that stand now."""
        values = now.columns(self.model.features)
        return Trained(
            ships=self.ships,
            verdict=self.verdict,
            verdict_params=self.verdict_params,
            tier=self.model.tier,
            features=self.model.features,
            parameters=parameters,
            metrics=self.metrics,
            report={
                **self.report,
                "drivers": drivers(self.model.contributions, values, self.model.features),
                "rule": json.loads(self.rule.to_bytes()),
            },
            warnings=({"code": "too_good", "auc": self.metrics["auc"]},) if (self.metrics["auc"] or 0.0) >= TOO_GOOD else (),
            artefact=pack(self.model, self.calibrated),
            scored=self.score(now),
        )


def learn(
    rule: rates.Rule,
    plain: tuple[str, ...],
    train: Labelled,
    validation: Labelled,
    test: Labelled,
    *,
    seed: int,
    threads: int,
    progress: Progress = lambda _done, _message: None,
    fit: Fitter | None = None,
) -> Learned:
    """Fit, calibrate and judge. `rule` is the baseline to beat, `plain` names the features of a second one that is only shown.

    `fit` chooses the model where size alone does not. Ids that occur more than once are one thing seen on several days: things
    are counted, and drawn, not rows.
    Raises FitRefused where validation or test have fewer than LEAST_JUDGED rows, or the data bear no model.
    """
    judged = min(np.unique(part.matrix.ids).size for part in (validation, test))
    if judged < LEAST_JUDGED:
        raise FitRefused(Reason.TOO_FEW_CUSTOMERS, "Too few rows can be judged.", found=judged, needed=LEAST_JUDGED)
    progress(50, N_("Learning from what came"))
    names = train.matrix.varying()
    model = (fit or _fit)(rule, train, validation, names, seed, threads)
    calibrated = calibration.fit(model.predict(validation.matrix.columns(model.features)), validation.outcome)
    progress(75, N_("Judging it on what it has not seen"))
    served = fitted_rule(rule, train)
    ours = calibrated.apply(model.predict(test.matrix.columns(model.features)))
    metrics, comparison = _judged(served, plain, ours, train, validation, test, seed=seed)
    apart = tells_apart(metrics["auc"], metrics["positives"], metrics["customers"])
    return Learned(
        model=model,
        calibrated=calibrated,
        rule=served,
        ships=comparison is not None and comparison.better() and apart,
        metrics=metrics,
        report={
            "calibration": calibration.calibration_table(test.outcome, ours),
            "deciles": evaluation.decile_table(test.outcome, ours),
            "gains": {
                "model": evaluation.gains_table(test.outcome, ours),
                "rule": evaluation.gains_table(test.outcome, served.predict(test.matrix.columns(served.features))),
            },
            "comparison": asdict(comparison) if comparison else None,
        },
    )


def _fit(
    rule: rates.Rule, train: Labelled, validation: Labelled, names: tuple[str, ...], seed: int, threads: int
) -> tiers.Classifier:
    # Ten cutoffs show the same customer up to ten times: the gate counts whose rows they are, not rows.
    tier = tiers.gate_of(min(np.unique(train.matrix.ids[train.outcome == said]).size for said in (1, 0))).tier
    if tier is tiers.Tier.RATES:
        names = (rule.feature,)
    return tiers.fit(
        tiers.Sample(train.matrix.columns(names), train.outcome),
        tiers.Sample(validation.matrix.columns(names), validation.outcome),
        features=names,
        rule=rule,
        monotone={name: sense for name, sense in train.matrix.senses.items() if sense and name in names},
        seed=seed,
        nthread=threads,
        tier=tier,
    )


def _judged(
    rule: rates.Rates,
    plain: tuple[str, ...],
    ours: Floats,
    train: Labelled,
    validation: Labelled,
    test: Labelled,
    *,
    seed: int,
) -> tuple[dict[str, Any], bootstrap.Comparison | None]:
    outcome = test.outcome
    theirs = rule.predict(test.matrix.columns(rule.features))
    slope = calibration.slope_and_intercept(outcome, ours)
    metrics = {
        "customers": int(np.unique(test.matrix.ids).size),
        "positives": int(np.unique(test.matrix.ids[outcome == 1]).size),
        "rate": float(outcome.mean()),
        "auc": evaluation.value(evaluation.auc, outcome, ours),
        "pr_auc": evaluation.value(evaluation.average_precision, outcome, ours),
        "lift_at_10": evaluation.value(evaluation.lift_at(0.1), outcome, ours),
        "brier": evaluation.value(evaluation.brier, outcome, ours),
        "log_loss": evaluation.value(evaluation.log_loss, outcome, ours),
        "ece": calibration.expected_calibration_error(outcome, ours),
        "calibration_slope": slope[0] if slope else None,
        "rule_auc": evaluation.value(evaluation.auc, outcome, theirs),
        "rule_pr_auc": evaluation.value(evaluation.average_precision, outcome, theirs),
        "plain_pr_auc": _plain(rule.rule, plain, train, validation, test),
        "training_customers": int(np.unique(train.matrix.ids).size),
        "training_positives": int(np.unique(train.matrix.ids[train.outcome == 1]).size),
        "training_negatives": int(np.unique(train.matrix.ids[train.outcome == 0]).size),
    }
    people = test.matrix.ids if np.unique(test.matrix.ids).size < outcome.size else None
    return metrics, bootstrap.compare(outcome, ours, theirs, evaluation.average_precision, people=people, seed=seed)


def _plain(rule: rates.Rule, names: tuple[str, ...], train: Labelled, validation: Labelled, test: Labelled) -> float | None:
    """PR-AUC of the second baseline, a small logistic regression; shown beside the rule."""
    if not names:
        return None
    try:
        plain = tiers.fit(
            tiers.Sample(train.matrix.columns(names), train.outcome),
            tiers.Sample(validation.matrix.columns(names), validation.outcome),
            features=names,
            rule=rule,
            tier=tiers.Tier.LOGISTIC,
        )
    except FitRefused:
        return None
    return evaluation.value(evaluation.average_precision, test.outcome, plain.predict(test.matrix.columns(names)))


def tells_apart(auc: float | None, positives: int, judged: int) -> bool:
    """Whether the order is better than chance (Mann & Whitney 1947): a constant beats a rule that errs by chance, too."""
    if auc is None or positives == judged:
        return False
    return bool(auc - 0.5 > Z99 * np.sqrt((judged + 1) / (12.0 * positives * (judged - positives))))


def pack(model: tiers.Classifier, calibrated: calibration.Calibration) -> bytes:
    """Calibration and classifier in one artefact: a line of JSON each."""
    return calibrated.to_json().encode() + b"\n" + model.to_bytes()


def unpack(data: bytes, *, threads: int = 1) -> tuple[tiers.Classifier, calibration.Calibration]:
    """The inverse of `pack`, for bytes whose seal has been proved."""
    line, rest = data.split(b"\n", 1)
    return tiers.load(rest, nthread=threads), calibration.Calibration.from_json(line.decode())


def model_scores(rows: Matrix, model: tiers.Classifier, calibrated: calibration.Calibration) -> Scored:
    """What a model says of rows, with its reasons."""
    values = rows.columns(model.features)
    chances = calibrated.apply(model.predict(values))
    reasons = of_rows(model.contributions, values, model.features, chances)
    return Scored(customer_ids=rows.ids, values=chances, tier=model.tier, reasons=reasons, rows=rows)


def fitted_rule(rule: rates.Rule, train: Labelled | None, *, prior: float | None = None) -> rates.Rates:
    """The rule: the rate seen in each of its bands, drawn towards the rate of all. Before anything is over, the `prior`."""
    feature = (rule.feature,)
    if train is None or not train.outcome.size:
        return rates.fit(np.zeros((0, 1)), np.zeros(0), features=feature, rule=rule, prior=prior)
    return rates.fit(train.matrix.columns(feature), train.outcome, features=feature, rule=rule)


def rule_scores(rows: Matrix, rule: rates.Rates) -> Scored:
    """What the rule says of rows."""
    values = rows.columns(rule.features)
    chances = rule.predict(values)
    reasons = of_rows(rule.contributions, values, rule.features, chances)
    return Scored(customer_ids=rows.ids, values=chances, tier="rule", reasons=reasons, rows=rows)


def rescored(rows: Matrix, artefact: bytes | None, stored: Mapping[str, Any], otherwise: rates.Rates, *, threads: int) -> Scored:
    """Rows scored by what was trained before: the opened artefact, or the rule that the version's report holds."""
    if artefact is not None:
        return model_scores(rows, *unpack(artefact, threads=threads))
    rule = stored.get("rule")  # as the database gives it back, its keys are in another order
    known = rates.load({name: value for name, value in rule.items() if name != "kith_model"}) if rule else otherwise
    return rule_scores(rows, known)
