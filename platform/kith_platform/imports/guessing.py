"""A first mapping for a file: from its header's words, else from what its columns hold. The user confirms it."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace

import polars as pl

from kith_platform.imports import layouts
from kith_platform.imports.dialect import Dialect
from kith_platform.imports.formats import Decision, Format, agreed, decide, identifiers, length_of_time, present
from kith_platform.imports.mapping import Field, Mapping, Source, sources
from kith_platform.imports.parsing import parse
from kith_platform.imports.problems import FileProblem, Note, note
from kith_platform.imports.reading import column
from kith_platform.imports.targets import CUSTOMER, LINE, ORDER, PRODUCT, Target, missing, places, targets_of
from kith_platform.imports.templates import places_of
from kith_platform.imports.words import likeness, words
from kith_platform.sdk.facts import Fact, Kind
from kith_platform.sdk.templates import ImportTemplate, TemplateColumn


@dataclass(frozen=True)
class Guess:
    """`missing_required`: targets without which no row can be loaded. `confidence` per source, 0..1 (mapped columns only)."""

    mapping: Mapping
    missing_required: tuple[str, ...]
    confidence: Dictionary[Source, float]
    notes: tuple[Note, ...]


def guess(
    table: str, dialect: Dialect, sample: pl.DataFrame, facts: Dictionary[str, Fact], *, language: str = "en", zone: str = "UTC"
) -> Guess:
    """A mapping of the file to `table` (a plural). `sample`: rows as of `reading.Chunk.rows`; `facts` by name.

    Files with one line per order line fill order_line, sales_order, product and customer_record at once.
    Raises FileProblem("no_such_table").
    """
    root = next((fact for fact in facts.values() if fact.plural == table), None)
    if root is None:
        raise FileProblem("no_such_table", table=table, tables=", ".join(sorted(fact.plural for fact in facts.values())))
    plan = _plan(root, dialect, facts)
    columns = _Columns(dialect, sample, language, zone)
    goals = targets_of(plan, root, facts)
    chosen = _by_header(columns, goals) if dialect.has_header else {}
    if not dialect.has_header:
        chosen = _by_content(columns, goals, plan[0])
    else:
        chosen |= _own_key(columns, goals, chosen, plan[0])
        chosen = _of_lines(_without_detour(chosen, plan[0]))
        if lacking := missing(table, _names(chosen), facts):
            chosen |= _lone_date(columns, goals, chosen, lacking)
        if root.name == LINE and missing(table, _names(chosen), facts):
            chosen = _lines_alone(chosen)
            plan = tuple(fact for fact in plan if fact.name != ORDER)
    return _result(table, plan, columns, chosen, facts)


def by_template(
    template: ImportTemplate,
    dialect: Dialect,
    sample: pl.DataFrame,
    facts: Dictionary[str, Fact],
    *,
    language: str = "en",
    zone: str = "UTC",
) -> Guess:
    """The mapping that a template says, in place of `guess`; how dates and numbers are written it may leave to the sample."""
    columns = _Columns(dialect, sample, language, zone)
    goals = {place.name: place for place in places(template.table, facts)}
    found = places_of(template, dialect.header)
    chosen = {at: (goals[target], 1.0) for target, (at, _column) in found.items()}
    names = dict.fromkeys(target.partition(".")[0] for target in found)
    made = _result(template.table, tuple(facts[name] for name in names), columns, chosen, facts)
    said = {columns.sources[at]: column for at, column in found.values()}
    fields = tuple(replace(item, format=_fixed(item.format, said[item.source])) for item in made.mapping.fields)
    constants = tuple((target, value) for target, value in template.constants.items() if target not in found)
    mapping = replace(made.mapping, fields=fields, constants=constants)
    return replace(made, mapping=mapping, missing_required=missing(template.table, mapping.targets, facts))


def _fixed(form: Format, column: TemplateColumn) -> Format:
    return replace(
        form, order=column.order or form.order, decimal=column.decimal or form.decimal, values=tuple(column.values.items())
    )


def _plan(root: Fact, dialect: Dialect, facts: Dictionary[str, Fact]) -> tuple[Fact, ...]:
    """The facts a file of this table may speak of, the finest first."""
    names = [root.name]
    if root.name in (ORDER, LINE) and ORDER in facts and LINE in facts:
        product = (*facts[PRODUCT].aliases, *facts[LINE].column("product").aliases) if PRODUCT in facts else ()
        wide = root.name == LINE or any(likeness(name, product) for name in dialect.header)
        names = [LINE, ORDER, PRODUCT] if wide else [ORDER]
    elif any(item.to == PRODUCT for item in root.columns):
        names.append(PRODUCT)
    if root.of_customer:
        names.append(CUSTOMER)
    return tuple(facts[name] for name in names if name in facts)


def completed(mapping: Mapping, dialect: Dialect) -> Mapping:
    """A mapping whose fields were changed, with what follows from them: amounts to compute, returns, columns left over."""
    targets = set(mapping.targets)
    wide = {ORDER, LINE} <= set(mapping.facts)
    computed = _computed(targets, lines=LINE in mapping.facts, orders=wide)
    taken = {item.source for item in mapping.fields}
    returns = "return" if f"{LINE}.quantity" in targets else ""
    unmapped = tuple(source for source in sources(dialect) if source not in taken)
    return replace(mapping, computed=tuple(computed.items()), negative_quantity=returns, unmapped=unmapped)


class _Columns:
    """The file's columns, with what each holds."""

    def __init__(self, dialect: Dialect, sample: pl.DataFrame, language: str, zone: str) -> None:
        self.sources = sources(dialect)
        self.header = dialect.header or ("",) * dialect.columns
        self._sample = sample
        self._language, self._zone = language, zone

    def texts(self, at: int) -> pl.Series:
        return self._sample[column(at + 1)]

    def decision(self, at: int, target: Target) -> Decision:
        name = self.header[at] or str(at + 1)
        if target.identifier:
            return identifiers(self.texts(at), name)
        if unit := self.unit(at, target):
            return Decision(Format(order=unit))
        return decide(self.texts(at), target.kind, name=name, language=self._language, zone=self._zone)

    def unit(self, at: int, target: Target) -> str:
        """In which unit of AFTER a column says how much later than the row's own time the target's was; "" for other columns."""
        measured, unit = length_of_time(self.header[at])
        timely = target.kind is Kind.TIME and likeness(measured, target.words) and self.share(at, r"^-?\d+(?:[.,]\d+)?$") > 0.95
        return unit if timely else ""

    def likeness(self, at: int, target: Target) -> float:
        """How well a header fits a target: by its name, or as a length of time that leads there."""
        found = likeness(self.header[at], target.words)
        return found or (0.8 * likeness(length_of_time(self.header[at])[0], target.words) if self.unit(at, target) else 0)

    def fits(self, at: int, kind: Kind) -> float:
        """The share of the present values that can be read as a kind; 1 for a column that is empty in the sample."""
        values = present(self.texts(at))
        if not values.len():
            return 1.0
        form = decide(values, kind, name="", language=self._language, zone=self._zone).format
        return 1 - int(parse(values, kind, form, zone=self._zone).wrong.is_not_null().sum()) / values.len()

    def share(self, at: int, pattern: str) -> float:
        """The share of the present values that match."""
        values = present(self.texts(at))
        return int(values.str.contains(pattern).sum()) / values.len() if values.len() else 0.0

    def is_key(self, at: int) -> bool:
        """Whether the header calls the column an id and no value recurs or is missing in the sample."""
        texts = self.texts(at)
        named = words(self.header[at]).endswith(("_id", "_no", "_code", "_key", "编号", "号"))
        return named and texts.len() > 0 and present(texts).n_unique() == texts.len()


Chosen = dict[int, tuple[Target, float]]  # position from 0 → target and confidence


def _by_header(columns: _Columns, targets: list[Target]) -> Chosen:
    """The best pairs of header and target first; a column whose values do not fit its target's kind is left out."""
    pairs = [
        (score - 0.02 * target.depth, -at, -rank, target)
        for at in range(len(columns.header))
        for rank, target in enumerate(targets)
        if (score := columns.likeness(at, target))
    ]
    chosen: Chosen = {}
    taken: set[str] = set()
    for score, back, _, target in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
        at = -back
        if at in chosen or target.name in taken:
            continue
        free = target.identifier or target.kind is Kind.TEXT or columns.unit(at, target)
        if not free and columns.fits(at, target.kind) < 0.5:
            continue
        chosen[at] = (target, round(score, 2))
        taken.add(target.name)
    return chosen


def _by_content(columns: _Columns, targets: list[Target], fact: Fact) -> Chosen:
    """By position and content: the first id is the customer, the first date the day, the first decimal the amount, the
    small whole number nearest to it the quantity; e-mail addresses and phone numbers speak for themselves."""
    goals = {target.name.partition(".")[2]: target for target in reversed(targets) if target.name.startswith(fact.name + ".")}
    chosen: Chosen = {}

    def take(goal: str, confidence: float, pattern: str, *, kind: Kind | None = None, near: int = 0) -> None:
        for at in sorted(range(len(columns.sources)), key=lambda place: abs(place - near)):
            if goal not in goals or at in chosen or columns.share(at, pattern) < 0.95:
                continue
            if kind is None or columns.fits(at, kind) >= 0.95:
                chosen[at] = (goals[goal], confidence)
                return

    take("email", 0.9, r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    if fact.occurred:
        take(fact.occurred, 0.7, r"^(?:\d{4}[-/.年]?\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2})", kind=Kind.TIME)
    money = next((item.name for item in fact.columns if item.kind is Kind.MONEY), "")
    take(money, 0.6, r"[.,]\d{1,4}\D*$", kind=Kind.MONEY)
    take(
        "customer" if "customer" in goals else "external_id",
        0.6,
        r"^(?:0\d+|[1-9]\d{3,}(?:\.0+)?|\w*[A-Za-z]\w*[-_]?\d[\w-]*|\d+)$",
    )
    take("phone", 0.6, r"^\+?\d[\d ()-]{6,18}$")
    amount = next((at for at, (target, _) in chosen.items() if target.kind is Kind.MONEY), 0)
    take("quantity", 0.6, r"^-?(?:0|[1-9]\d{0,2})(?:\.0+)?$", kind=Kind.NUMBER, near=amount)
    take("name", 0.4, r"^[^\d@]+$")
    return chosen


def _own_key(columns: _Columns, targets: list[Target], chosen: Chosen, fact: Fact) -> Chosen:
    """Where no header names the row's id, the first column that is called an id and is unique is it."""
    goal = next((item for item in targets if item.name == f"{fact.name}.external_id" and fact.name != LINE), None)
    if goal is None or any(target is goal for target, _ in chosen.values()):
        return {}
    key = next((at for at in range(len(columns.sources)) if at not in chosen and columns.is_key(at)), None)
    return {} if key is None else {key: (goal, 0.6)}


def _without_detour(chosen: Chosen, fact: Fact) -> Chosen:
    """Whose a row is its customer's number says; the subscription's number would only say it again."""
    names = _names(chosen)
    detour = f"{fact.name}.{layouts.THROUGH}"
    if f"{fact.name}.customer" not in names or layouts.is_own(fact):
        return chosen
    return {at: one for at, one in chosen.items() if one[0].name != detour}


def _of_lines(chosen: Chosen) -> Chosen:
    """Where amounts stand by line, so does the tax: one line's is not the order's."""
    names = _names(chosen)
    if f"{LINE}.net" not in names or f"{ORDER}.net" in names:
        return chosen
    return {at: one for at, one in chosen.items() if one[0].name != f"{ORDER}.tax"}


def _names(chosen: Chosen) -> list[str]:
    return [target.name for target, _ in chosen.values()]


def _lone_date(columns: _Columns, targets: list[Target], chosen: Chosen, lacking: tuple[str, ...]) -> Chosen:
    """Where the row's time is missing and one column alone holds dates, it is that one."""
    goal = next((item for item in targets if item.name in lacking and item.kind in (Kind.TIME, Kind.DATE)), None)
    shape = r"^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}"
    dated = [at for at in range(len(columns.sources)) if at not in chosen and columns.share(at, shape) > 0.95]
    return {dated[0]: (goal, 0.5)} if goal and len(dated) == 1 else {}


def _lines_alone(chosen: Chosen) -> Chosen:
    """A file of order lines that leaves customer or time to their orders: what speaks of the order but names it is left out."""
    own = {
        f"{ORDER}.external_id": f"{LINE}.order",
        f"{ORDER}.ordered_at": f"{LINE}.sold_at",
        f"{ORDER}.customer": f"{LINE}.customer",
    }
    return {
        at: (replace(target, name=own.get(target.name, target.name)), score)
        for at, (target, score) in chosen.items()
        if not target.name.startswith(f"{ORDER}.") or target.name in own
    }


def _result(table: str, plan: tuple[Fact, ...], columns: _Columns, chosen: Chosen, facts: Dictionary[str, Fact]) -> Guess:
    fields: list[Field] = []
    notes: list[Note] = []
    confidence: dict[Source, float] = {}
    decisions = agreed({at: columns.decision(at, target) for at, (target, _score) in sorted(chosen.items())})
    for at, decision in decisions.items():
        target, score = chosen[at]
        fields.append(Field(columns.sources[at], target.name, decision.format))
        confidence[columns.sources[at]] = score if decision.certain else min(score, 0.5)
        notes += decision.notes
    targets = {item.target for item in fields}
    names = [fact.name for fact in plan]
    computed = _computed(targets, lines=LINE in names, orders=ORDER in names)
    notes += [note("computed_net")] if f"{LINE}.net" in computed else []
    notes += [note("computed_order_net")] if f"{ORDER}.net" in computed else []
    returns = next((at for at, (target, _) in chosen.items() if target.name == f"{LINE}.quantity"), None)
    if returns is not None and columns.share(returns, r"^\s*(?:-|\()\d"):
        notes.append(note("negative_is_return"))
    unmapped = tuple(source for at, source in enumerate(columns.sources) if at not in chosen)
    notes += [note("by_position")] if not any(columns.header) else []
    kept = table == facts[CUSTOMER].plural if CUSTOMER in facts else False
    notes += [note("unmapped" if kept else "left_out", count=len(unmapped))] if unmapped else []
    mapping = Mapping(
        table=table,
        fields=tuple(fields),
        computed=tuple(computed.items()),
        negative_quantity="return" if returns is not None else "",
        unmapped=unmapped,
    )
    return Guess(mapping, missing(table, mapping.targets, facts), confidence, tuple(notes))


def _computed(targets: set[str], *, lines: bool, orders: bool) -> dict[str, str]:
    """Amounts the file does not carry but its other columns give."""
    computed: dict[str, str] = {}
    if not lines:
        return computed
    if f"{LINE}.net" not in targets and {f"{LINE}.quantity", f"{LINE}.unit_price"} <= targets:
        less = "-discount" if f"{LINE}.discount" in targets else ""
        computed[f"{LINE}.net"] = f"quantity*unit_price{less}"
    if orders and f"{ORDER}.net" not in targets and (f"{LINE}.net" in targets or computed):
        computed[f"{ORDER}.net"] = "sum(lines)"
    return computed
