"""The operator's page tells of every setting, with the default it has."""

from __future__ import annotations

import re
from pathlib import Path

from kith_platform.config import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
ROW = re.compile(r"^\| `(KITH_\w+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)


def shown(value: object) -> str:
    if value in ("", None):
        return "–"
    return f"`{int(value)}`" if isinstance(value, bool) else f"`{value}`"


def test_every_setting_is_in_the_table_with_its_default() -> None:
    told = {name: default for name, default, _meaning in ROW.findall(PAGE.read_text("utf-8"))}
    fields = {f"KITH_{name.upper()}": field for name, field in Settings.__dataclass_fields__.items()}
    assert told.keys() == fields.keys()
    told.pop("KITH_HOME")  # depends on where Kith is
    assert told == {name: shown(fields[name].default) for name in told}
