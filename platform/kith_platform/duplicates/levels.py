"""What agreement of a field is worth: levels of likeness with their chances among one person's records (m) and two persons' (u).

The weights are set by reasoning, not fitted: a company's data hold no labels, and expectation maximisation drifts on small or
clean data. What is common is worth less by term frequencies of the company's own data, shrunk towards a prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Level:
    """One degree of likeness: `when` is DuckDB's SQL over the pair (column_l, column_r). `term` names the column whose
    frequency replaces u."""

    name: str
    when: str
    m: float
    u: float
    term: str = ""


@dataclass(frozen=True)
class Field:
    """A compared field: the first level whose condition holds counts. `unknown` is when nothing can be said."""

    name: str
    unknown: str
    levels: tuple[Level, ...]

    def label(self) -> str:
        """SQL that names the level of a pair; null where nothing can be said."""
        cases = " ".join(f"WHEN {one.when} THEN '{one.name}'" for one in self.levels if one.when != "ELSE")
        return f"CASE WHEN {self.unknown} THEN NULL {cases} ELSE '{self.levels[-1].name}' END"

    def creator(self) -> dict[str, Any]:
        """splink's form of it."""
        null = {"sql_condition": self.unknown, "label_for_charts": "unknown", "is_null_level": True}
        return {
            "output_column_name": self.name,
            "comparison_levels": [null, *(_creator(level) for level in self.levels)],
        }


def _creator(level: Level) -> dict[str, Any]:
    found: dict[str, Any] = {
        "sql_condition": level.when,
        "label_for_charts": level.name,
        "m_probability": level.m,
        "u_probability": level.u,
    }
    if level.term:
        found |= {"tf_adjustment_column": level.term, "tf_adjustment_weight": 1.0, "disable_tf_exact_match_detection": True}
    return found


@dataclass(frozen=True)
class Model:
    """How records of one kind are compared: what splink is told, and what its findings mean.

    `keys`: SQL per block over one record; two records are compared when they share one. `terms`: columns with term
    frequencies and the share a value has before anything was counted. `automatic` and `review` are SQL over the pair's
    levels; `apart` says that two records are certainly not one. `household` is a key over one record; `habits` a query over
    those who share it that gives names_overwritten and days_overwritten for the whole company.
    """

    where: str
    fields: tuple[Field, ...]
    keys: tuple[str, ...]
    terms: dict[str, float]
    automatic: str
    review: str
    apart: str
    habits: str
    household: str


def missing(column: str) -> str:
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def equal(column: str) -> str:
    return f"{column}_l = {column}_r"


def alike(column: str, begin: int = 1, end: int = 2) -> str:
    """Whether beginning or end agree: cheap, and true of nearly all that one error parts, so it stands before distances."""
    left, right = f"{column}_l", f"{column}_r"
    return f"(left({left}, {begin}) = left({right}, {begin}) OR right({left}, {end}) = right({right}, {end}))"


def mistyped(column: str, least: int) -> str:
    """One typing error, or two in a long word; words shorter than `least` tell nothing."""
    left, right = f"{column}_l", f"{column}_r"
    shorter = f"least(length({left}), length({right}))"
    return (
        f"({shorter} >= {least} AND {alike(column)} AND ("
        f"damerau_levenshtein({left}, {right}) <= CASE WHEN {shorter} >= 6 THEN 2 ELSE 1 END "
        f"OR ({shorter} >= 5 AND jaro_winkler_similarity({left}, {right}) >= 0.93)))"
    )
