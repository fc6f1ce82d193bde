"""What came of a question in words: verdicts, splits, suspects, warnings. English msgids, translated where people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kith_platform.errors import fill
from kith_platform.i18n import N_, mark_plural
from kith_platform.labelled.columns import WHY
from kith_platform.labelled.splits import ORDER, RANDOM, TIME
from kith_platform.predict.models import ModelVersion
from kith_platform.predict.verdicts import SENTENCES as OTHERS

Translate = Callable[[str], str]
FEW_LINES = mark_plural(
    "Not trained: %(found)s line with an outcome could be judged and %(needed)s are needed. Bring more lines.",
    "Not trained: %(found)s lines with an outcome could be judged and %(needed)s are needed. Bring more lines.",
    "found",
)
SENTENCES: Mapping[str, str] = {
    "better_than_baseline": N_(
        "Better than giving everybody the same chance, on lines it had not seen: average precision %(model)s against "
        "%(baseline)s, %(difference)s points more (95 %% interval %(low)s to %(high)s). Kith uses the model."
    ),
    "no_better_than_baseline": N_(
        "Not better than giving everybody the same chance, on lines it had not seen: average precision %(model)s against "
        "%(baseline)s, difference %(difference)s points (95 %% interval %(low)s to %(high)s). Kith uses no model."
    ),
    "undecided": N_("The lines that were to judge the model do not tell it from chance: they hold too few of either outcome."),
    "empty": N_("Not trained: no line has an outcome. Fill in the column you ask about, at least for past lines."),
    "too_few_customers": FEW_LINES,
    "one_class": N_("Not trained: the lines that teach or set the model all have the same outcome. Bring lines of both."),
    "no_variation": N_("Not trained: no column that may be used differs between lines."),
    "not_converged": N_("Not trained: no setting of the model explains these lines."),
    "invalid": N_("Not trained: the lines contradict themselves. Check the file."),
}
SPLITS: Mapping[str, str] = {
    TIME: N_("By day: earlier lines teach, later lines judge"),
    ORDER: N_("By order of lines: the first teach, the last judge"),
    RANDOM: N_("By lot: lines drawn at random judge"),
}
LEAKS: Mapping[str, str] = {
    "tells_outcome": N_("%(column)s alone tells the outcome nearly always (AUC %(auc)s): is it another name of the outcome?"),
    "one_value_decides": N_(
        "%(column)s: one of its values occurs with one outcome alone (%(lines)s lines): is it written afterwards?"
    ),
    "filled_decides": N_("%(column)s: whether it is filled in tells the outcome (%(lines)s lines): is it written afterwards?"),
    "after_as_of": N_("%(column)s: %(share)s of its days lie after the day the line speaks of."),
    "stands_alone": N_(
        "%(column)s alone makes up %(share)s of what the model knows beyond chance (AUC %(auc)s), and no other column can stand "
        "in for it: without it %(loss)s is lost. Is it known only when the outcome is?"
    ),
}
WARNINGS: Mapping[str, str] = {
    "suspects_left_out": N_(
        "Left out because they seem to know the answer already: %(columns)s. Who knows that a column is there "
        "beforehand may put it back."
    ),
    "nothing_left": N_("Without the suspects the other columns foretell nothing. If a suspect is known beforehand, put it back."),
    "suspects_kept": N_("Kept on purpose: %(columns)s."),
    "random_split": N_(
        "No column says when, so lines drawn at random judge the model. That hides whether it still holds in later months, and "
        "whether a column is filled in later. Give an as-of column, or say that the lines stand in the order of time."
    ),
    "too_few_days": N_("The as-of column holds fewer than three days, so lines drawn at random judge the model."),
    "order_taken_for_time": N_("The lines are taken to stand in the order of time: the last of them judge the model."),
    "lines_without_day": N_("Lines without an as-of day are left out: %(lines)s."),
    "too_good": N_("Too good to be true (AUC %(auc)s). Look at these columns first: %(columns)s."),
    "attribute_as_of_now": N_(
        "Features are as of today, while the attribute may have been set long ago: what came after it may seem to foretell it."
    ),
    "features_left_out": N_("Features of the module %(module)s could not be computed and were left out: %(set)s."),
}


def verdict(row: ModelVersion, translate: Translate = str) -> str:
    """What a version is worth, with the measure and its interval."""
    return of_verdict(row.verdict, row.verdict_params, translate)


def of_verdict(code: str, params: Mapping[str, Any], translate: Translate = str) -> str:
    """As `verdict`, for what a split says."""
    if code in ("better_than_baseline", "no_better_than_baseline") and params.get("low") is None:
        code = "undecided"
    shares = {name: _points(params.get(name)) for name in ("model", "baseline", "difference", "low", "high")}
    plain = {name: int(value) for name, value in params.items() if name in ("found", "needed") and value is not None}
    plain |= {name: value for name, value in params.items() if name in ("has", "needs", "facts")}
    return fill(translate(SENTENCES.get(code) or OTHERS.get(code, code)), {**shares, **plain})


def splits(row: ModelVersion, translate: Translate = str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(what judged, its figures), the split that decides first."""
    for one in row.report.get("splits", ()):
        yield translate(SPLITS[one["split"]]), one


def leaks(row: ModelVersion, translate: Translate = str) -> Iterator[tuple[str, str]]:
    """(column, why it is suspect)."""
    for one in row.report.get("leaks", ()):
        yield one["column"], fill(translate(LEAKS[one["reason"]]), _written(one))


def left_out(row: ModelVersion, translate: Translate = str) -> Iterator[tuple[str, str]]:
    """(column, why no model sees it)."""
    for name, why in row.report.get("left_out", {}).items():
        yield name, translate(WHY[why])


def warning(found: Mapping[str, Any], translate: Translate = str) -> str:
    """A warning as a sentence."""
    return fill(translate(WARNINGS.get(str(found["code"]), str(found["code"]))), _written(found))


def lines(row: ModelVersion, translate: Translate = str) -> Iterator[str]:
    """The whole result, a sentence a line, for the command line."""
    yield verdict(row, translate)
    for name, one in splits(row, translate):
        figures = f"AUC {one['auc']:.3f}, PR-AUC {one['pr_auc']:.3f}" if one["auc"] is not None else "–"
        if shown := one.get("with_suspects"):
            figures += fill(translate(N_("; with the suspects AUC %(auc)s, PR-AUC %(pr_auc)s")), _written(shown))
        yield f"{name}: {figures}"
    yield from (why for _column, why in leaks(row, translate))
    for name, why in left_out(row, translate):
        yield f"{name}: {why}"
    yield from (warning(one, translate) for one in row.warnings)


def _written(found: Mapping[str, Any]) -> dict[str, Any]:
    """Shares as per cent, areas with three figures."""
    written = dict(found)
    for name in ("auc", "pr_auc"):
        if isinstance(written.get(name), float):
            written[name] = f"{written[name]:.3f}"
    for name in ("share", "loss"):
        if isinstance(written.get(name), float):
            written[name] = f"{100 * min(written[name], 1.0):.0f} %"
    return written


def _points(value: float | None) -> str:
    """Hundredths with one figure and a real minus."""
    return "–" if value is None else f"{100 * value:.1f}".replace("-", "−")
