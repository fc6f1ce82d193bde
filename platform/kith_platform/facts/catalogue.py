"""All facts this installation knows: core's, and those its plugins add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from kith_platform.facts.contact import CONTACT
from kith_platform.facts.insights import INSIGHTS
from kith_platform.facts.opinions import OPINIONS
from kith_platform.facts.person import PERSON
from kith_platform.facts.returns import RETURNS
from kith_platform.facts.sales import SALES
from kith_platform.facts.stakeholders import STAKEHOLDERS
from kith_platform.facts.subscriptions import SUBSCRIPTIONS
from kith_platform.facts.success import SUCCESS
from kith_platform.facts.table import row_class
from kith_platform.facts.tickets import TICKETS
from kith_platform.facts.trade import TRADE
from kith_platform.sdk.facts import Fact

CORE_FACTS: tuple[Fact, ...] = (
    *PERSON,
    *TRADE,
    *SUBSCRIPTIONS,
    *TICKETS,
    *OPINIONS,
    *CONTACT,
    *SALES,
    *SUCCESS,
    *RETURNS,
    *INSIGHTS,
    *STAKEHOLDERS,
)


class FactCatalogue:
    """Facts by name and by plural. Building it maps their tables."""

    def __init__(self, plugin_facts: Iterable[tuple[str, Fact]] = ()) -> None:
        """`plugin_facts` are (plugin name, fact). Raises ValueError where a plural is declared twice."""
        self._facts: dict[str, Fact] = {}
        self._plurals: dict[str, Fact] = {}
        for fact in (*CORE_FACTS, *(replace(fact, plugin=plugin) for plugin, fact in plugin_facts)):
            if fact.plural in self._plurals or fact.name in self._facts:
                raise ValueError(f"The fact {fact.name} ({fact.plural}) is declared twice.")
            self._facts[fact.name] = self._plurals[fact.plural] = fact
            row_class(fact)

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())

    def __getitem__(self, name: str) -> Fact:
        return self._facts[name]

    def by_plural(self, plural: str) -> Fact:
        """Raises KeyError where no fact is called so."""
        return self._plurals[plural]

    def row(self, name: str) -> type[Any]:
        """The mapped class of the fact called `name`."""
        return row_class(self._facts[name])
