"""What a model is asked, in words, and the functions that train and score it; heavy libraries come late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from kith_platform.predict.cases import Cases
    from kith_platform.predict.classify import Classification
    from kith_platform.predict.matrix import Matrix
    from kith_platform.predict.matured import Said
    from kith_platform.predict.training import Evidence, Scored, Trained
    from kith_platform.sdk.models import Model

CUSTOMERS = "customers"

Trainer = Callable[["Evidence"], "Trained"]
# Evidence, the opened artefact of the version that serves (None: the rule serves), and its report.
Scorer = Callable[["Evidence", "bytes | None", "Mapping[str, Any]"], "Scored | None"]
# One customer's features, the artefact and the report of the version that serves: the reasons of the score.
Explainer = Callable[["Matrix", bytes, "Mapping[str, Any]"], list[dict[str, Any]]]
# Evidence and what was said in the past: what came of it (`matured`).
Judge = Callable[["Evidence", "Said"], dict[str, Any]]


@dataclass(frozen=True)
class Kinds:
    """What a score also says as one of several: `extra` names the further number that counts in `words`, code → what it is
    called; `label` is what is asked of it. Scores without that number say none.
    """

    extra: str
    label: str
    words: Mapping[str, str]

    def code(self, extra: Mapping[str, Any]) -> str:
        """The code that a score's further numbers name; empty for none."""
        return list(self.words)[int(extra[self.extra])] if extra.get(self.extra) is not None else ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A model that a company can train. `value` is what a score means, `chance` what it is called, `extra` the numbers beside it;
    `yes` and `no` stand before the reasons of a high and of a low score. `plugin` is empty for core's. `subject` is customers, or
    the plural of the fact whose rows are scored. `of_whom` and `counts` say whom it is asked of and what is a yes.
    `saves`: a yes loses a customer whom a contact may save. `matured` judges scores of customers whose window is over, where one
    can; `explain` gives the reasons of one customer's score.
    """

    key: str
    label: str
    answers: str
    chance: str
    train: Trainer
    rescore: Scorer
    value: Literal["probability", "money"] = "probability"
    yes: str = ""
    no: str = ""
    extra: tuple[str, ...] = ()
    kinds: Kinds | None = None
    adverse: bool = False
    plugin: str = ""
    subject: str = CUSTOMERS
    of_whom: str = ""
    counts: str = ""
    saves: bool = False
    matured: Judge | None = None
    explain: Explainer | None = None


def of_model(
    model: Model,
    plugin: str = "",
    *,
    finish: Callable[[Classification], Classification] | None = None,
    extra: tuple[str, ...] = (),
) -> Task:
    """The task that a declaration makes; `finish` adds what only core can, such as the numbers called `extra`."""

    def found() -> Classification:
        from kith_platform.predict.asked import classification

        return classification(model) if finish is None else finish(classification(model))

    return classified(
        found,
        key=model.key,
        label=model.label,
        answers=model.answers,
        chance=model.chance,
        yes=model.yes,
        no=model.no,
        extra=extra,
        adverse=model.adverse,
        plugin=plugin,
        of_whom=model.of_whom,
        counts=model.counts,
        saves=model.saves,
    )


def classified(found: Callable[[], Classification], **words: Any) -> Task:
    """A task of customers with a yes and a no."""

    def train(evidence: Evidence) -> Trained:
        from kith_platform.predict import classify

        return classify.train(found(), evidence)

    def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
        from kith_platform.predict import classify

        return classify.rescore(found(), evidence, artefact, report)

    def matured(evidence: Evidence, said: Said) -> dict[str, Any]:
        from kith_platform.predict.matured import of_chances

        return of_chances(found(), evidence, said)

    def explain(row: Matrix, artefact: bytes, _report: Mapping[str, Any]) -> list[dict[str, Any]]:
        from kith_platform.predict import protocol

        return protocol.model_scores(row, *protocol.unpack(artefact)).reasons[0]

    return Task(train=train, rescore=rescore, matured=matured, explain=explain, **words)


def module(name: str, *, explained: bool = False, **words: Any) -> Task:
    """A task whose `train` and `rescore` a module of this folder has; where it is `explained`, `by_model` too."""

    def train(evidence: Evidence) -> Trained:
        found: Trained = import_module(f"kith_platform.predict.{name}").train(evidence)
        return found

    def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
        found: Scored | None = import_module(f"kith_platform.predict.{name}").rescore(evidence, artefact, report)
        return found

    def explain(row: Matrix, artefact: bytes, report: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: Scored = import_module(f"kith_platform.predict.{name}").by_model(row, artefact, report)
        return found.reasons[0]

    return Task(train=train, rescore=rescore, explain=explain if explained else None, **words)


def cases(found: Callable[[], Cases], **words: Any) -> Task:
    """A task of a fact's rows."""

    def train(evidence: Evidence) -> Trained:
        from kith_platform.predict import cases as of_rows

        return of_rows.train(found(), evidence)

    def rescore(evidence: Evidence, artefact: bytes | None, report: Mapping[str, Any]) -> Scored | None:
        from kith_platform.predict import cases as of_rows

        return of_rows.rescore(found(), evidence, artefact, report)

    def matured(evidence: Evidence, said: Said) -> dict[str, Any]:
        from kith_platform.predict.matured import of_cases

        return of_cases(found(), evidence, said)

    return Task(train=train, rescore=rescore, matured=matured, **words)
