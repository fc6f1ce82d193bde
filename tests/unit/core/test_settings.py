"""Settings come from the environment, once, with a clear word about what does not fit; files stay inside their tenant."""

from __future__ import annotations

from pathlib import Path

import pytest

from kith_platform.blobs import Blobs
from kith_platform.config import Settings


def test_what_is_set_is_read_and_the_rest_is_default(tmp_path: Path) -> None:
    found = Settings.from_environment({"KITH_HOME": str(tmp_path), "KITH_WEB_WORKERS": "3", "KITH_LOG_JSON": "1", "OTHER": "x"})
    assert (found.home, found.web_workers, found.log_json) == (tmp_path, 3, True)
    assert found.embedded_database
    assert not Settings.from_environment({"KITH_DATABASE_URL": "postgresql+psycopg://x/y"}).embedded_database


@pytest.mark.parametrize(("name", "value"), [("KITH_WEB_WORKERS", "many"), ("KITH_LOG_JSON", "maybe")])
def test_a_value_that_does_not_fit_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        Settings.from_environment({name: value})


@pytest.mark.parametrize("name", ["../2/secret", "/etc/passwd", "a/../../b", "a\0b", "", ".", ".."])
def test_no_name_leaves_a_tenants_files(name: str, tmp_path: Path) -> None:
    files = Blobs(tmp_path.as_uri()).of(1)
    with pytest.raises(ValueError, match="not a name inside"):
        files.path(name)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    files = Blobs(tmp_path.as_uri()).of(1)
    with pytest.raises(RuntimeError), files.open("imports/x", "wb") as stream:
        stream.write(b"half")
        raise RuntimeError("power cut")
    assert not files.exists("imports/x")
    with files.open("imports/x", "wb") as stream:
        stream.write(b"whole")
    with files.open("imports/x") as stream:
        assert stream.read() == b"whole"
    assert not Blobs(tmp_path.as_uri()).of(2).exists("imports/x")
