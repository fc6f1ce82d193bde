"""Writing a new plugin: a folder that installs with pip as it is, with one metric, one page, translations and a test."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from string import Template

from kith_platform.errors import Conflict, Invalid
from kith_platform.i18n import N_

FILES = {
    "pyproject.toml": """\
[project]
name = "kith-$dashed"
version = "0.1.0"
description = "Kith plugin $name"
requires-python = ">=3.11"
dependencies = ["kith-platform>=$platform"]

[project.entry-points."kith.plugins"]
$name = "kith_plugins.$name"

[build-system]
requires = ["uv_build>=0.13"]
build-backend = "uv_build"

[tool.uv.build-backend]
module-root = ""
module-name = "kith_plugins.$name"
""",
    "README.md": """\
# $title

A plugin for Kith. `kith plugin check .` looks at it, and `pip install .` installs it. A restart of Kith loads it; then each
company's admin switches it on under Modules.

kith_plugins is a namespace that all plugins share: never put an `__init__.py` into it.
""",
    "kith_plugins/$name/py.typed": "",
    "kith_plugins/$name/__init__.py": '''\
"""$title: how often customers buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kith_platform.sdk import hookimpl, toolkit
from kith_platform.sdk.types import N_, Manifest, Measure, Metric, Page, Reading, Visit

KEY = "$name.orders_per_customer"


def orders_per_customer(values: Mapping[str, float | None]) -> Reading:
    """Orders ÷ customers who ordered; nothing where nobody did."""
    orders, customers = values["orders"] or 0, values["customers"] or 0
    if not customers:
        return Reading.none()
    return Reading(value=orders / customers, n=int(customers))


def overview(visit: Visit) -> dict[str, Any]:
    """The newest month's value, as the last refresh stored it."""
    found = toolkit.latest_reading(visit, KEY)
    return {"month": found[0].start, "reading": found[1]} if found else {"month": None, "reading": None}


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        name="$name",
        title=N_("$title"),
        summary=N_("How often customers buy."),
        version="0.1.0",
        requires_platform=">=$platform,<1",
    )


@hookimpl
def register_metrics() -> Sequence[Metric]:
    return (
        Metric(
            key=KEY,
            name=N_("Orders per customer"),
            unit="count",
            better="up",
            kind="outcome",
            words=N_("Orders of the period ÷ customers who ordered in it."),
            needs=("orders",),
            measures=(
                Measure(key="orders", fact="orders", aggregate=lambda orders: orders.customer_id.count()),
                Measure(key="customers", fact="orders", aggregate=lambda orders: orders.customer_id.nunique()),
            ),
            formula=orders_per_customer,
        ),
    )


@hookimpl
def register_pages() -> Sequence[Page]:
    return (
        Page(
            path="overview",
            title=N_("$title"),
            answers=N_("How often do customers buy?"),
            template="overview.html",
            view=overview,
            permission="metrics:read",
            icon="chart-bar",
        ),
    )
''',
    "kith_plugins/$name/templates/overview.html": """\
{% extends "layout/page.html" %}
{% import "macros/empty.html" as empties %}
{% import "macros/numbers.html" as numbers %}
{% block title %}{{ title }}{% endblock %}
{% block line %}{{ answers }}{% endblock %}
{% block content %}
{% if reading %}
{% set value = reading.value|number(2) if reading.value is not none else none %}
<div class="grid-cards">{{ numbers.card(_('Orders per customer'), value, period=month|date('month')) }}</div>
{% else %}
{{ empties.empty(_('No orders yet'), _('Import orders and refresh: then this page says how often customers buy.')) }}
{% endif %}
{% endblock %}
""",
    "kith_plugins/$name/translations/zh_Hans/$name.po": """\
msgid "$title"
msgstr "$title"

msgid "How often customers buy."
msgstr "客户多久购买一次。"

msgid "Orders per customer"
msgstr "每位客户的订单数"

msgid "Orders of the period ÷ customers who ordered in it."
msgstr "期内订单数 ÷ 期内下单的客户数。"

msgid "How often do customers buy?"
msgstr "客户多久购买一次？"

msgid "No orders yet"
msgstr "还没有订单"

msgid "Import orders and refresh: then this page says how often customers buy."
msgstr "导入订单并刷新后，这里会显示客户的购买频率。"
""",
    "kith_plugins/$name/translations/zh_Hant/$name.po": """\
msgid "$title"
msgstr "$title"

msgid "How often customers buy."
msgstr "客戶多久購買一次。"

msgid "Orders per customer"
msgstr "每位客戶的訂單數"

msgid "Orders of the period ÷ customers who ordered in it."
msgstr "期內訂單數 ÷ 期內下單的客戶數。"

msgid "How often do customers buy?"
msgstr "客戶多久購買一次？"

msgid "No orders yet"
msgstr "還沒有訂單"

msgid "Import orders and refresh: then this page says how often customers buy."
msgstr "匯入訂單並重新整理後，這裡會顯示客戶的購買頻率。"
""",
    "tests/test_$name.py": '''\
"""The numbers of $name."""

from kith_plugins.$name import orders_per_customer


def test_two_customers_with_three_orders_bought_one_and_a_half_times() -> None:
    assert orders_per_customer({"orders": 3, "customers": 2}).value == 1.5


def test_nobody_bought_is_no_value_and_not_zero() -> None:
    assert orders_per_customer({"orders": 0, "customers": 0}).value is None
''',
}


def write(name: str, folder: Path) -> list[Path]:
    """Write the plugin into `folder`, made where missing; the files. Raises Invalid for a name, Conflict for a folder in use."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name):
        raise Invalid(N_("%(name)s is no name for a plugin: use 2 to 40 lower-case letters, digits and _."), name=name)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(N_("%(folder)s is not empty. Choose another folder."), folder=folder)
    words = {
        "name": name,
        "dashed": name.replace("_", "-"),
        "title": name.replace("_", " ").capitalize(),
        "platform": ".".join(version("kith-platform").split(".")[:2]),
    }
    written = []
    for path, text in FILES.items():
        target = folder / Template(path).substitute(words)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(text).substitute(words), "utf-8")
        written.append(target)
    return written
