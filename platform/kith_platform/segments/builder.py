"""The rule builder's form: what was clicked and typed becomes the rule's JSON, finished or not, and the JSON the form again.

Fields are named by place: `r.mode`, `r.0.what`, `r.1.mode`, `r.1.0.op`, `r.0.w0.column`. The rule in the making is a document
as `reading.read` takes it, in which values may still be missing.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from kith_platform.errors import FieldError, Invalid
from kith_platform.i18n import N_
from kith_platform.predict.service import TASKS
from kith_platform.sdk.facts import Column
from kith_platform.segments import reading
from kith_platform.segments.rules import BARE, OPS, Group, Sort
from kith_platform.segments.vocabulary import FIELDS, SCORE_PARTS, Vocabulary, filterable, sort_of, summed

Document = dict[str, Any]
ROOT = "r"
VOID = ("cancelled", "returned")
_COMMAS = re.compile(r"[,，、;；\n]")


def whole(form: Mapping[str, str], words: Vocabulary) -> Document:
    """The rule of a sent form; everybody where there is none."""
    return _group(form, ROOT, words, 1) if f"{ROOT}.mode" in form else {"all": []}


def _group(form: Mapping[str, str], at: str, words: Vocabulary, depth: int) -> Document:
    parts: list[Document] = []
    for place in range(reading.MOST):
        inner = f"{at}.{place}"
        if f"{inner}.mode" in form and depth < reading.DEEPEST:
            parts.append(_group(form, inner, words, depth + 1))
        elif f"{inner}.what" in form:
            parts.append(_leaf(form, inner, words))
    mode = form[f"{at}.mode"]
    return {mode if mode in reading.MODES else "all": parts}


def _leaf(form: Mapping[str, str], at: str, words: Vocabulary) -> Document:
    what = form.get(f"{at}.what", "")
    fresh = form.get(f"{at}.was", what) != what
    kind, _, name = what.partition(":")
    if kind == "consent":
        return {"consent": _said(form, at, "v1") or "email", "status": _said(form, at, "status") or "granted"}
    if kind == "complaint":
        return {"complaint": form.get(f"{at}.open", "1") == "1"}
    if kind == "segment":
        return {"segment": _said(form, at, "v1"), "inside": form.get(f"{at}.inside", "1") == "1"}
    if kind == "fact" and name in words.facts:
        return _fact(form, at, name, words, fresh)
    start: Document = {kind: name}
    if kind == "score":
        task, _, part = name.rpartition(".")
        start = {"score": task, "part": part}
    return {**start, **_test(form, at, sort_of_what(what, words), what)} if kind and name else {"": ""}


def _fact(form: Mapping[str, str], at: str, name: str, words: Vocabulary, fresh: bool) -> Document:
    fact = words.facts[name]
    sums = [column.name for column in summed(fact)]
    measure = form.get(f"{at}.measure", "count")
    measure = measure if measure in ("count", "first", "last") or (measure == "sum" and sums) else "count"
    made: Document = {"fact": name, "measure": measure}
    if measure == "sum":
        column = _said(form, at, "column")
        made["column"] = column if column in sums else ("net" if "net" in sums else sums[0])
    window = form.get(f"{at}.window", "days")
    if window == "days":
        made["days"] = _said(form, at, "days") or "90"
    elif window == "between":
        made |= {"from": _said(form, at, "from"), "until": _said(form, at, "until")}
    sort = Sort.NUMBER if measure in ("count", "sum") else Sort.DAY
    made |= _test(form, at, sort, f"fact:{name}")
    if fresh:
        made |= {"op": "at_least", "value": "1", "where": _usual(fact.stored)}
        return made
    made["where"] = []
    for place in range(reading.MOST):
        inner = f"{at}.w{place}"
        if f"{inner}.column" in form:
            column = form[f"{inner}.column"]
            known = {one.name: one for one in filterable(fact)}
            sort = sort_of(known[column].kind) if column in known else Sort.TEXT
            made["where"].append({"column": column, **_test(form, inner, sort, "")})
    return made


def _usual(columns: tuple[Column, ...]) -> list[Document]:
    """What people mean by an order: one that stands."""
    status = next((one for one in columns if one.name == "status" and set(VOID) & set(one.choices)), None)
    return [{"column": "status", "op": "is_not", "value": [one for one in VOID if one in status.choices]}] if status else []


def _test(form: Mapping[str, str], at: str, sort: Sort, what: str) -> Document:
    op = form.get(f"{at}.op", "")
    ops = [one for one in OPS[sort] if not (what.startswith("fact:") and sort is Sort.NUMBER and one in BARE)]
    op = op if op in ops else ops[0]
    if op in BARE:
        return {"op": op}
    if sort is Sort.TEXT and op in ("is", "is_not"):
        several = form.getlist(f"{at}.v1") if hasattr(form, "getlist") else [form.get(f"{at}.v1", "")]
        if f"{at}.codes" in form:  # ticked, not typed: a comma belongs to the value
            return {"op": op, "value": [one for one in several if one]}
        return {"op": op, "value": [one.strip() for typed in several for one in _COMMAS.split(typed) if one.strip()]}
    first = _shared(_said(form, at, "v1"), what)
    return {"op": op, "value": [first, _shared(_said(form, at, "v2"), what)] if op == "between" else first}


def _said(form: Mapping[str, str], at: str, name: str) -> str:
    return form.get(f"{at}.{name}", "").strip()


def is_chance(what: str) -> bool:
    """Whether a choice is a model's chance: typed as per cent, kept as a share. What modules bring always is."""
    kind, _, name = what.partition(":")
    task, _, part = name.rpartition(".")
    return kind == "score" and part == "value" and (task not in TASKS or TASKS[task].value == "probability")


def _shared(typed: str, what: str) -> Any:
    """Per cent as a share; what is no number stays as it was typed, to be complained of."""
    if not is_chance(what):
        return typed
    try:
        return round(float(typed) / 100, 6)
    except ValueError:
        return typed


def what_of(part: Document) -> str:
    """The choice of the first list for a condition."""
    for kind in ("field", "attribute", "placement", "fact"):
        if kind in part:
            return f"{kind}:{part[kind]}"
    if "score" in part:
        return f"score:{part['score']}.{part.get('part', 'value')}"
    return next((kind for kind in ("consent", "complaint", "segment") if kind in part), "")


def sort_of_what(what: str, words: Vocabulary) -> Sort:
    """How values of the choice are compared."""
    kind, _, name = what.partition(":")
    if kind == "field" and name in FIELDS:
        return FIELDS[name][1]
    if kind == "attribute" and name in words.attributes:
        return sort_of(words.attributes[name][1])
    if kind == "score":
        return SCORE_PARTS.get(name.rpartition(".")[2], ("", Sort.NUMBER))[1]
    return Sort.TEXT


def edited(document: Document, edit: str) -> Document:
    """The rule after a button: `add:r.1` a condition, `group:r` a group, `drop:r.0` it goes, `where:r.0`, `unwhere:r.0.0`."""
    act, _, at = edit.partition(":")
    made = copy.deepcopy(document)
    path = [int(step) for step in at.split(".")[1:] if step.isdigit()]
    try:
        if act == "add":
            _parts(_down(made, path)).append({"": ""})
        elif act == "group":
            _parts(_down(made, path)).append({"any": [{"": ""}]})
        elif act == "drop":
            del _parts(_down(made, path[:-1]))[path[-1]]
        elif act == "where":
            _down(made, path).setdefault("where", []).append({"column": "", "op": "is", "value": []})
        elif act == "unwhere":
            del _down(made, path[:-1])["where"][path[-1]]
    except (IndexError, KeyError, StopIteration):  # a button of a page that is out of date
        return document
    return made


def _down(document: Document, path: list[int]) -> Document:
    for step in path:
        document = _parts(document)[step]
    return document


def _parts(group: Document) -> list[Document]:
    return next(group[mode] for mode in reading.MODES if mode in group)


def finished(document: Document, words: Vocabulary) -> tuple[Group, dict[str, FieldError]]:
    """The rule of those conditions that are complete, and what is wrong with the others, by their place (`r.0`)."""
    wrong: dict[str, FieldError] = {}
    try:
        return reading.read(document, words), wrong
    except Invalid as error:
        for one in error.fields:
            steps = [step for step in one.field.split(".")[1:] if step.isdigit()]
            wrong[".".join([ROOT, *steps])] = one
    return reading.read(_without(document, ROOT, wrong), words), wrong


def _without(document: Document, at: str, wrong: Mapping[str, FieldError]) -> Document:
    mode = next((mode for mode in reading.MODES if mode in document), "all")
    kept = []
    for place, part in enumerate(document.get(mode, [])):
        inner = f"{at}.{place}"
        if inner in wrong:
            continue
        kept.append(_without(part, inner, wrong) if set(part) & set(reading.MODES) else part)
    return {mode: kept}


MODE_WORDS = {
    "all": N_("all of these hold"),
    "any": N_("at least one of these holds"),
    "none": N_("none of these holds"),
}
