from __future__ import annotations

from pathlib import Path

import pytest

from kith_platform.web.translations import build


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place with two parts' catalogues, instead of ours."""
    monkeypatch.setattr(build, "HERE", tmp_path)
    monkeypatch.setattr(build, "packages", lambda: [build.CORE])
    for language in build.LANGUAGES:
        (tmp_path / language).mkdir()
    (tmp_path / "zh_Hans" / "a.po").write_text('msgid "Customers"\nmsgstr "客户"\n', encoding="utf-8")
    (tmp_path / "zh_Hans" / "b.po").write_text(
        'msgid "Customers"\nmsgstr "顾客"\n\nmsgid "Orders"\nmsgstr "订单"\n\nmsgid "Empty"\nmsgstr ""\n', encoding="utf-8"
    )
    return tmp_path


def test_parts_are_merged_and_a_conflict_is_named(folder: Path) -> None:
    catalogue, warnings = build.merged("zh_Hans")
    assert {message.id: message.string for message in catalogue if message.id} == {"Customers": "客户", "Orders": "订单"}
    assert len(warnings) == 1
    assert "b.po" in warnings[0]
    assert "Customers" in warnings[0]


def test_a_changed_file_is_compiled_again(folder: Path) -> None:
    assert build.stale()
    build.build()
    assert not build.stale()
    later = build.compiled("zh_Hans").stat().st_mtime + 5
    import os

    os.utime(folder / "zh_Hans" / "a.po", (later, later))
    assert build.stale()


def test_code_and_templates_are_both_read() -> None:
    found = {(place.split(":")[0], message) for place, message, _context in build.messages()}
    assert ("kith_platform/errors.py", "Please sign in") in found
    assert ("kith_platform/web/templates/macros/undo.html", "Undo") in found
