"""Sources of plugins that tests install: one that is as it should be, one that does everything a plugin must not."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

_numbers = itertools.count()

FINE = """
from kith_platform.sdk import hookimpl
from kith_platform.sdk.types import ApiRoute, Manifest, Page, Panel, Permission, Setting

READ = Permission(key="fine.words:read", label="Read words", roles=("owner", "admin", "analyst"))

def greet(visit):
    return {"words": f"Hello {visit.tenant.name}, {visit.settings['greeting']}, {visit.query.get('q', '')}"}

@hookimpl
def register_manifest():
    return Manifest(name="fine", title="Fine module", summary="Greets.", version="1", requires_platform=">=0.1",
                    for_everyone=True, permissions=(READ,))

@hookimpl
def register_settings():
    return (Setting(key="greeting", label="Greeting", kind="text", default="good day"),
            Setting(key="times", label="Times", kind="integer", default=1, minimum=1, maximum=9))

@hookimpl
def register_pages():
    return (Page(path="words", title="Words", template="page.html", view=greet, permission="fine.words:read"),)

@hookimpl
def register_api():
    return (ApiRoute(path="words", summary="Words", view=greet, permission="fine.words:read"),)

@hookimpl
def register_panels():
    return (Panel(key="fine_panel", title="Fine panel", slot="customer", template="panel.html", permission="modules:read",
                  view=lambda visit, ids: {one: {"words": f"about {one}"} for one in ids if one != 3}),)
"""

HOSTILE = """
import os, sys, time
from sqlalchemy import text
from kith_platform.sdk import hookimpl
from kith_platform.sdk.types import ApiRoute, Manifest, Page, Panel

def raises(visit, ids=()):
    raise RuntimeError("the plugin broke")

def exits(visit, ids=()):
    sys.exit(3)

def garbage(visit, ids=()):
    return 42

def breaks_the_database(visit, ids=()):
    visit.session.execute(text("SELECT * FROM nowhere"))

def sleeps_in_the_database(visit, ids=()):
    visit.session.execute(text("SELECT pg_sleep(60)"))

def sleeps(visit, ids=()):
    time.sleep(0.3)
    return {one: {"words": "late"} for one in ids}

WAYS = {"raises": raises, "exits": exits, "garbage": garbage, "database": breaks_the_database}

@hookimpl
def register_manifest():
    return Manifest(name="hostile", title="Hostile module", summary="Breaks.", version="1", requires_platform=">=0.1")

@hookimpl
def register_pages():
    return [Page(path=path, title=path, template="page.html", view=view, permission="modules:read")
            for path, view in WAYS.items()] + [
            Page(path="template", title="Broken", template="broken.html", view=lambda visit: {}, permission="modules:read")]

@hookimpl
def register_api():
    return [ApiRoute(path=path, summary=path, view=view, permission="modules:read") for path, view in WAYS.items()] + [
            ApiRoute(path="unwritable", summary="", view=lambda visit: {"what": object()}, permission="modules:read")]

@hookimpl
def register_panels():
    return [Panel(key=f"hostile_{path}", title=path, slot="customer", template="page.html", permission="modules:read", view=view)
            for path, view in {**WAYS, "sleeps": sleeps, "sleeps_in_the_database": sleeps_in_the_database}.items()]
"""

PAGE = """{% extends "layout/page.html" %}{% block title %}{{ title }}{% endblock %}
{% block content %}<p>{{ words }}</p>{% endblock %}"""
TEMPLATES = {
    "fine": {"page.html": PAGE, "panel.html": "<b>{{ words }}</b>"},
    "hostile": {"page.html": PAGE, "broken.html": "{{ nobody.knows.this }}"},
}


def plant(folder: Path, name: str, source: str, templates: Mapping[str, str] | None = None) -> EntryPoint:
    """Write a plugin into `folder`, which comes onto the path; its entry point."""
    package = f"planted_{next(_numbers)}_{name}"
    (folder / package / "templates").mkdir(parents=True)
    (folder / package / "__init__.py").write_text(source)
    for file, text in (templates or TEMPLATES.get(name, {})).items():
        (folder / package / "templates" / file).write_text(text)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return EntryPoint(name, package, "kith.plugins")
