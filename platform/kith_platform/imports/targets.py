"""The places that columns of a file may go to, by the facts of its table, and those without which no row can be loaded."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass

from kith_platform.imports import layouts
from kith_platform.sdk.facts import Fact, Kind

CUSTOMER, ORDER, LINE, PRODUCT = "customer_record", "sales_order", "order_line", "product"
# Words that say nothing about a fact other than the table's own.
_GENERIC = {"name", "kind", "type", "title", "state", "status", "test", "internal", "owner", "created_at", "language", "since"}
_CURRENCY = ("currency", "currency_code", "ccy", "币种", "货币")
_KNOWN = ("known_at", "recorded_at")
# Further header words of columns, where a file measures what Kith dates.
_MEASURED = {
    "ticket.first_reply_at": (
        "first_response_time",
        "first_response",
        "first_reply",
        "response_time",
        "首次响应时长",
        "首次响应",
    ),
    "ticket.resolved_at": ("resolution_time", "time_to_resolution", "handling_time", "解决时长", "处理时长"),
}
_ID = ("id", "code", "no", "number", "编号", "external_id")


@dataclass(frozen=True)
class Target:
    """A place a column may go to: its name, kind, the words it is known by, and how near its fact is to the table (0)."""

    name: str
    kind: Kind
    words: tuple[str, ...]
    depth: int
    choices: tuple[str, ...] = ()
    identifier: bool = False


def places(table: str, facts: Dictionary[str, Fact]) -> list[Target]:
    """Every place that a column of a file of this table may be given by hand, the table's own first."""
    root = next(fact for fact in facts.values() if fact.plural == table)
    names = [ORDER, LINE, PRODUCT, CUSTOMER] if root.name in (ORDER, LINE) else [root.name]
    if root.name not in (ORDER, LINE):
        names += [PRODUCT] if any(item.to == PRODUCT for item in root.columns) else []
        names += [CUSTOMER] if root.of_customer else []
    found = targets_of(tuple(facts[name] for name in names), root, facts)
    if root.name == LINE:  # lines alone name an order and may have a customer
        found += [Target(f"{LINE}.{name}", Kind.REFERENCE, (), 0, identifier=True) for name in ("order", "customer")]
        found.append(Target(f"{LINE}.sold_at", Kind.TIME, (), 0))
    return found


def targets_of(plan: tuple[Fact, ...], root: Fact, facts: Dictionary[str, Fact]) -> list[Target]:
    """Every place a column may go to. In a wide file the order's own id and time stand for the line's."""
    wide = {fact.name for fact in plan} >= {LINE, ORDER}
    found: list[Target] = []
    for depth, fact in enumerate(plan):
        own = fact is root or (wide and fact.name in (LINE, ORDER))
        if own or fact.name == ORDER:
            id_words = (*fact.aliases, f"{fact.name}_id", *(_ID if fact is root and not wide else ()))
            found.append(Target(f"{fact.name}.external_id", Kind.TEXT, id_words, depth, identifier=True))
        if any(item.kind is Kind.MONEY for item in fact.columns) and (fact is root or fact.name == ORDER):
            found.append(Target(f"{fact.name}.currency", Kind.TEXT, _CURRENCY, depth))
        if fact is root and fact.occurred:
            found.append(Target(f"{fact.name}.known_at", Kind.TIME, _KNOWN, depth))
        for item in fact.columns:
            if wide and fact.name == LINE and item.name in ("order", "sold_at"):
                continue
            known = (item.name, f"{fact.name}_{item.name}", f"{fact.plural.removesuffix('s')}_{item.name}", *item.aliases)
            known += _MEASURED.get(f"{fact.name}.{item.name}", ())
            if item.kind is Kind.REFERENCE and item.to in facts:
                known = (*known, *facts[item.to].aliases)
            if not own:
                known = tuple(word for word in known if word not in _GENERIC)
            found.append(
                Target(f"{fact.name}.{item.name}", item.kind, known, depth, item.choices, identifier=item.kind is Kind.REFERENCE)
            )
    if root.of_customer and CUSTOMER in facts:
        owner = ORDER if wide else root.name
        found.append(Target(f"{owner}.customer", Kind.TEXT, facts[CUSTOMER].aliases, 1, identifier=True))
    if aliases := layouts.through_aliases(root):
        found.append(Target(f"{root.name}.{layouts.THROUGH}", Kind.TEXT, aliases, 1, identifier=True))
    found += [_beside(target, facts) for target in layouts.beside(root)]
    return found


def _beside(target: str, facts: Dictionary[str, Fact]) -> Target:
    """A place in a fact that lines of another table make too. It is known by its aliases; its name may mean something else."""
    name, _, column = target.partition(".")
    declared = facts[name].column(column)
    return Target(target, declared.kind, (f"{name}_{column}", *declared.aliases), 1, declared.choices)


def missing(table: str, targets: Iterable[str], facts: Dictionary[str, Fact]) -> tuple[str, ...]:
    """The targets without which no row of the table can be loaded and that are not among `targets`."""
    found = set(targets)
    root = next(fact for fact in facts.values() if fact.plural == table)
    wide = {ORDER, LINE} <= {target.partition(".")[0] for target in found}
    row = facts[ORDER] if wide else root
    # A line has its order's time and customer; a status, payment or return that names its order is its customer's.
    referred = [item for item in row.columns if item.to and f"{row.name}.{item.name}" in found and facts[item.to].of_customer]
    through = f"{row.name}.{layouts.THROUGH}" in found
    needed = [f"{row.name}.{item.name}" for item in row.columns if item.required]
    if row.name == LINE and referred:
        needed.remove(f"{LINE}.sold_at")
    if row.of_customer and not row.customer_optional and not referred and not through:
        needed.append(f"{row.name}.customer")
    return tuple(name for name in needed if name not in found)
