"""Whatever file comes, Kith answers in time and with advice, and of what it takes every line is accounted for."""

from __future__ import annotations

import html
import io
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import bad_files
import pytest

from kith_platform.imports import service, uploads
from kith_platform.imports.mapping import Mapping
from kith_platform.imports.models import Import
from kith_platform.imports.preview import dialect_of
from kith_platform.imports.reading import chunks
from kith_platform.jobs.models import Job

PATIENCE = 30.0  # seconds: nobody waits longer for a page, and a worker not for a file of some lines
GROUPS: dict[str, Callable[[], bad_files.Files]] = {
    "encodings": bad_files.encodings,
    "dialects": bad_files.dialects,
    "cells": bad_files.cells,
    "shapes": bad_files.shapes,
    "disguises": bad_files.disguises,
    "damaged": partial(bad_files.damaged, range(60)),
}


def chosen(page: str) -> dict[str, str]:
    """What the columns page would post: the selected option of each select."""
    found = {}
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        option = re.search(r'<option(?: value="([^"]*)")? selected', inner)
        found[html.unescape(name)] = html.unescape(option.group(1) or "") if option else ""
    return found


def test_there_are_more_than_300() -> None:
    assert len({(group, name) for group, files in GROUPS.items() for name, _table, _data in files()}) > 300


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the test client's own file of a large upload
@pytest.mark.parametrize("group", GROUPS)
def test_bad_files_are_answered_and_accounted_for(group: str, company: Any, client_for: Callable[..., Any]) -> None:
    ada = client_for("analyst")
    taken, wrong = 0, []
    for name, table, data in GROUPS[group]():
        started = time.monotonic()
        try:
            taken += brought(company, ada, f"{group}/{name}", table, data)
            assert time.monotonic() - started < PATIENCE, "longer than anybody waits"
        except Exception as error:
            wrong.append(f"{name}: {error!r}")
    assert not wrong, "\n".join(wrong)
    assert taken > 0, "some of each group can be read"


def brought(company: Any, ada: Any, name: str, table: str, data: bytes) -> bool:
    """Bring one file as a person would: upload, look, load with what the page proposes. Whether it was loaded."""
    form = {"table": table, "source": name, "file": (io.BytesIO(data), f"{name.partition('/')[2]}.csv")}
    sent = ada.post(f"/c/{ada.slug}/imports/new", data=form, content_type="multipart/form-data")
    if sent.status_code == 422:
        assert 'class="wrong"' in sent.text, f"{name}: refused without a word"
        return False
    assert sent.status_code == 302, (name, sent.status_code)
    page = ada.get(sent.location)
    assert page.status_code == 200, (name, page.status_code)
    begun = ada.post(sent.location, data={**chosen(page.text), "do": "load"})
    if begun.status_code == 422:
        return False
    assert begun.status_code == 302, (name, begun.status_code)
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        row = service.listing(session, most=1)[0]
        job = session.get_one(Job, (row.tenant_id, row.job_id))
    done = company.run(job)
    if done.state != "done":
        assert done.error_code not in {"internal", "import_broken"}, (name, done.error)
        return False
    accounted(company, name, row, dict(done.result or {}))
    assert ada.get(sent.location).status_code == 200, name
    return True


def accounted(company: Any, name: str, row: Import, result: dict[str, Any]) -> None:
    """Each physical line is a record, part of one, rejected, blank or before the data; each record has become one thing."""
    blobs = company.runtime.blobs.of(company.tenant.id)
    opener = partial(uploads.open_file, blobs, row.blob)
    cut = list(chunks(opener, dialect_of(opener, Mapping.from_json(row.mapping))))
    for one in cut:
        assert one.lines == one.rows.height + len(one.rejected) + one.blank + one.header + one.continued, name
    assert result["read"] == sum(one.rows.height + len(one.rejected) for one in cut), name
    assert result["read"] == sum(result[key] for key in ("inserted", "updated", "unchanged", "duplicate", "rejected")), name
