"""A question of one's own, by the protocol of D0: splits, the leak guard, the test against the same chance for everybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kith_platform.i18n import N_
from kith_platform.labelled.scoring import Scorer
from kith_platform.labelled.splits import ORDER, RANDOM, TIME, Split, at_random, by_day, by_order
from kith_platform.labelled.table import ALL, Encoder, Floats, Ids, Table
from kith_platform.predict import protocol
from kith_platform.predict.fits import rates, tiers
from kith_platform.predict.fits.evaluation import auc, value
from kith_platform.predict.fits.refusal import FitRefused, Reason
from kith_platform.predict.guards import leaks
from kith_platform.predict.protocol import Labelled, Learned
from kith_platform.predict.reasons import drivers
from kith_platform.predict.training import Progress, Trained

RULE = rates.Rule(ALL, ())  # one band: everybody's chance is the rate of all
GUARD_LINES, DRIVER_LINES = 20_000, 5_000
SMALL = 2_000_000  # cells


@dataclass(frozen=True)
class Asked:
    """What is asked of a table: outcome (n,) of 1, 0 and NaN; `keep` names suspects that a person put back; `in_order`: the lines
    stand in the order of time; `excluded`: columns left out beforehand, each with the code of its reason."""

    outcome: Floats
    keep: frozenset[str] = frozenset()
    in_order: bool = False
    excluded: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Answered:
    """The result: what is kept as a version, and the chance of every line (n,) by what serves. `scorer` is None where no model
    does."""

    trained: Trained
    chances: Floats
    part: tuple[tuple[str, Ids], ...] = ()
    scorer: Scorer | None = None


def answer(table: Table, asked: Asked, *, seed: int, threads: int, progress: Progress = lambda _done, _message: None) -> Answered:
    """From lines to verdict. Raises nothing for data that are too few or say nothing: that is a result."""
    rows = np.flatnonzero(~np.isnan(asked.outcome))
    if table.days is not None:
        rows = rows[~np.isnan(table.days[rows])]
    chosen = splits_of(table, rows, asked, seed=seed)
    if rows.size * len(table.columns) < SMALL:
        threads = 1  # a second one costs more than it brings, and far more where others want the cores [measured]
    told: dict[str, Any] = {"left_out": dict(asked.excluded or {}), "splits": [], "leaks": []}
    counts = {"lines": table.lines, "usable": int(rows.size), "yes": int(np.nansum(asked.outcome[rows]))}
    if not rows.size:
        return _refused(table, told, counts, FitRefused(Reason.EMPTY, "No line has an outcome."))
    main = chosen[0]
    progress(10, N_("Looking for columns that know the answer already"))
    try:
        found = _suspects(table, asked, main, seed=seed, threads=threads)
        told["leaks"] = [{"column": one.column, "reason": one.reason, **one.params} for one in found]
        out = frozenset(one.column for one in found)
        results = []
        for number, split in enumerate(chosen):
            progress(30 + 30 * number, N_("Learning from what came"))
            results.append(_one(table, asked.outcome, split, out, seed=seed, threads=threads))
    except FitRefused as refusal:
        return _refused(table, told, counts, refusal)
    encoder, learned = results[0][0], results[0][1]
    told["splits"] = [summary for _encoder, _learned, summary in results]
    return _result(table, asked, rows, chosen, encoder, learned, told, counts, found)


def splits_of(table: Table, rows: Ids, asked: Asked, *, seed: int) -> tuple[Split, ...]:
    """The split that decides, then those that are shown beside it."""
    lot = at_random(rows, table.groups, seed=seed)
    if table.days is not None and (timed := by_day(rows, table.days)) is not None:
        return (timed,)
    return (by_order(rows), lot) if asked.in_order else (lot, by_order(rows))


def _one(
    table: Table, outcome: Floats, split: Split, out: frozenset[str], *, seed: int, threads: int
) -> tuple[Encoder, Learned, dict[str, Any]]:
    """One split: the model without the suspects, and how good it would look with them."""
    encoder, learned = _learn(table, outcome, split, out, seed=seed, threads=threads)
    summary: dict[str, Any] = {"split": split.key, "verdict": learned.verdict, **learned.verdict_params}
    summary |= {"train": int(split.train.size), "validation": int(split.validation.size), "test": int(split.test.size)}
    summary |= {name: learned.metrics[name] for name in ("rate", "auc", "pr_auc", "lift_at_10", "ece", "plain_pr_auc")}
    if out:
        _encoder, flattered = _learn(table, outcome, split, frozenset(), seed=seed, threads=threads)
        summary["with_suspects"] = {name: flattered.metrics[name] for name in ("auc", "pr_auc")}
    return encoder, learned, summary


def _learn(
    table: Table, outcome: Floats, split: Split, out: Collection[str], *, seed: int, threads: int
) -> tuple[Encoder, Learned]:
    encoder = Encoder.of(table, split.train, out)
    parts = [Labelled(encoder.matrix(table, rows), outcome[rows]) for rows in (split.train, split.validation, split.test)]
    plain = tuple(name for name in parts[0].matrix.varying() if name != ALL)
    return encoder, protocol.learn(RULE, plain, *parts, seed=seed, threads=threads)


def _suspects(table: Table, asked: Asked, split: Split, *, seed: int, threads: int) -> tuple[leaks.Leak, ...]:
    """Suspect columns, by the lines that teach alone: the test stays unseen."""
    rows = np.sort(_thinned(split.learnt))
    judged: dict[frozenset[str], float] = {}

    def judge(without: frozenset[str]) -> float:
        if without not in judged:
            judged[without] = _auc_without(table, asked.outcome, split, without, seed=seed, threads=threads)
        return judged[without]

    return leaks.find(table.candidates(rows), asked.outcome[rows], judge, keep=asked.keep)


def _auc_without(table: Table, outcome: Floats, split: Split, without: frozenset[str], *, seed: int, threads: int) -> float:
    """AUC on the validation lines of a model without these columns; .5 where there is none."""
    train, validation = _thinned(split.train), _thinned(split.validation)
    encoder = Encoder.of(table, train, without)
    samples = [encoder.matrix(table, rows) for rows in (train, validation)]
    names = samples[0].varying()
    if not names:
        return 0.5
    try:
        model = tiers.fit(
            *(
                tiers.Sample(matrix.columns(names), outcome[rows])
                for matrix, rows in zip(samples, (train, validation), strict=True)
            ),
            features=names,
            rule=RULE,
            seed=seed,
            nthread=threads,
            tier=max(tiers.gate(outcome[train]).tier, tiers.Tier.LOGISTIC, key=_rank),
        )
    except FitRefused:
        return 0.5
    return value(auc, outcome[validation], model.predict(samples[1].columns(names))) or 0.5


def _rank(tier: tiers.Tier) -> int:
    return [tiers.Tier.RATES, tiers.Tier.LOGISTIC, tiers.Tier.BOOSTED].index(tier)


def _thinned(rows: Ids) -> Ids:
    """At most so many lines as the guard needs, evenly taken."""
    return rows if rows.size <= GUARD_LINES else rows[np.linspace(0, rows.size - 1, GUARD_LINES).astype(np.int64)]


def _result(
    table: Table,
    asked: Asked,
    rows: Ids,
    chosen: Sequence[Split],
    encoder: Encoder,
    learned: Learned,
    told: Mapping[str, Any],
    counts: Mapping[str, int],
    found: Sequence[leaks.Leak],
) -> Answered:
    main, scorer = chosen[0], Scorer(encoder, learned.model, learned.calibrated)
    sample = encoder.matrix(table, rows if rows.size <= DRIVER_LINES else rows[:: rows.size // DRIVER_LINES + 1])
    values = sample.columns(learned.model.features)
    moved = [
        {**one, "feature": encoder.name(one["feature"])}
        for one in drivers(learned.model.contributions, values, learned.model.features)
        if one["feature"] != ALL
    ]
    warnings = [*_warnings(main, asked, table, found, ships=learned.ships), *_too_good(table, asked, learned, main, found)]
    trained = Trained(
        ships=learned.ships,
        verdict=learned.verdict,
        verdict_params=learned.verdict_params,
        tier=learned.model.tier,
        features=tuple(encoder.name(name) for name in learned.model.features if name != ALL),
        parameters={**counts, "split": main.key, "kept": sorted(asked.keep)},
        metrics=learned.metrics,
        report={**learned.report, **told, "drivers": moved, "relative": encoder.relative},
        warnings=tuple(warnings),
        artefact=scorer.to_bytes(),
    )
    parts = (("training", main.train), ("validation", main.validation), ("test", main.test))
    if learned.ships:
        return Answered(trained, scorer.chances(table), parts, scorer)
    return Answered(trained, learned.rule.predict(np.ones((table.lines, 1))), parts)


def _warnings(main: Split, asked: Asked, table: Table, found: Sequence[leaks.Leak], *, ships: bool) -> list[Mapping[str, Any]]:
    told: list[Mapping[str, Any]] = []
    if found:
        told.append({"code": "suspects_left_out", "columns": ", ".join(one.column for one in found)})
        if not ships:
            told.append({"code": "nothing_left"})
    if asked.keep:
        told.append({"code": "suspects_kept", "columns": ", ".join(sorted(asked.keep))})
    if main.key == RANDOM:
        told.append({"code": "random_split" if table.days is None else "too_few_days"})
    elif main.key == ORDER:
        told.append({"code": "order_taken_for_time"})
    elif main.key == TIME and np.isnan(table.days if table.days is not None else np.zeros(1)).any():
        told.append({"code": "lines_without_day", "lines": int(np.isnan(table.days).sum())})  # type: ignore[arg-type]
    return told


def _too_good(table: Table, asked: Asked, learned: Learned, main: Split, found: Sequence[leaks.Leak]) -> list[Mapping[str, Any]]:
    """A result nobody reaches honestly, with the columns to look at first."""
    if (learned.metrics["auc"] or 0.0) < leaks.CERTAIN:
        return []
    rows, out = np.sort(_thinned(main.learnt)), {one.column for one in found}
    first = leaks.strongest([one for one in table.candidates(rows) if one.name not in out], asked.outcome[rows])
    return [{"code": "too_good", "auc": learned.metrics["auc"], "columns": ", ".join(name for name, _auc in first)}]


def _refused(table: Table, told: Mapping[str, Any], counts: Mapping[str, int], refusal: FitRefused) -> Answered:
    params = {"found": refusal.found, "needed": refusal.needed}
    trained = Trained(ships=False, verdict=str(refusal.code), verdict_params=params, parameters=dict(counts), report=dict(told))
    return Answered(trained, np.full(table.lines, np.nan))
