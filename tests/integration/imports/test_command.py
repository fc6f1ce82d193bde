"""`kith import` with good and with bad files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kith_platform.cli.imports import import_
from kith_platform.errors import KithError
from kith_platform.facts.models import SalesOrder
from kith_platform.servers.programs import environment

Run = Callable[..., Result]


@pytest.fixture
def run(company: Any, tmp_path: Path) -> Run:
    """Write the bytes to a file and import it."""

    def go(data: bytes, *words: str, table: str = "orders") -> Result:
        path = tmp_path / "in.csv"
        path.write_bytes(data)
        line = [company.tenant.slug, table, str(path), *words]
        return CliRunner().invoke(import_, line, env=environment(company.runtime.settings))

    return go


def test_a_file_is_loaded_and_answered_with_one_document(company: Any, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    text = "order_id;customer_id;order_date;amount\n1;C1;31.01.2024;1.234,50\n2;C1;99.01.2024;1\n"
    path.write_bytes(text.encode("utf-16"))
    words = [sys.executable, "-c", "from kith_platform.cli.root import main; main()", "import", company.tenant.slug, "orders"]
    surroundings = {**os.environ, **environment(company.runtime.settings)}
    answer = subprocess.run([*words, str(path), "--json"], env=surroundings, capture_output=True, check=False)
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert (document["read"], document["inserted"], document["rejected"]) == (2, 1, 1)
    assert "99.01.2024" in Path(document["rejects_file"]).read_text("utf-8-sig")
    assert company.rows(SalesOrder, "net") == [(pytest.approx(1234.5),)]


BAD = {
    "empty": (b"", "empty"),
    "binary": (b"\x7fELF" + bytes(range(256)) * 20, "binary"),
    "workbook": (b"PK\x03\x04" + b"\0" * 400, "damaged"),
    "a million columns": (b"a," * 1_000_000, "columns|longer|no column"),
    "unknown columns": (b"x,y\n1,2\n", r"no column for sales_order.*Its columns are: x, y"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_in_words(run: Run, kind: str) -> None:
    data, words = BAD[kind]
    with pytest.raises(KithError, match=words):
        raise run(data).exception or AssertionError("taken")


def test_a_wrong_table_encoding_or_mapping_is_named(run: Run, tmp_path: Path) -> None:
    good = b"order_id,customer_id,order_date\n1,C1,2024-01-31\n"
    mapping = tmp_path / "mapping.json"
    for words, text, table in (
        ("There is no table “nothing”", "", "nothing"),
        ("does not know the encoding “klingon”", "", "orders"),
        ("mapping cannot be read", "{", "orders"),
        ("mapping cannot be read", '{"table": "customers", "fields": []}', "orders"),
        ("has no column “nix”", '{"table": "orders", "fields": [{"source": "nix", "target": "sales_order.net"}]}', "orders"),
    ):
        mapping.write_text(text)
        more = ("--mapping", str(mapping)) if text else ("--encoding", "klingon") if "klingon" in words else ()
        with pytest.raises(KithError, match=words):
            raise run(good, *more, table=table).exception or AssertionError("taken")
