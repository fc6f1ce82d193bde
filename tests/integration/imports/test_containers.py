"""Workbooks, Parquet and packed files: read as the table they hold; what is broken, locked or a bomb is refused with advice."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from kith_platform.facts.models import SalesOrder
from kith_platform.imports import uploads
from kith_platform.imports.containers import text_of
from kith_platform.imports.problems import FileProblem

CSV = b"order_id,customer_id,order_date,net\n0017,C1,2024-01-31,12.50\n0018,C2,2024-02-01,3\n"
ROWS = [["order_id", "customer_id", "order_date", "net"], ["0017", "C1", "2024-01-31", 12.5], ["0018", "C2", "2024-02-01", 3.0]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = "http://schemas.openxmlformats.org/package/2006"


def xlsx(**sheets: list[list[Any]]) -> bytes:
    """The smallest workbook that holds these sheets: numbers as numbers, texts inline."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        names = "".join(f'<sheet name="{name}" sheetId="{at}" r:id="r{at}"/>' for at, name in enumerate(sheets, 1))
        kinds = "".join(
            f'<Override PartName="/xl/worksheets/s{at}.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for at in range(1, len(sheets) + 1)
        )
        links = "".join(
            f'<Relationship Id="r{at}" Type="{LINKS}/worksheet" Target="worksheets/s{at}.xml"/>'
            for at in range(1, len(sheets) + 1)
        )
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PARTS}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
            f'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{kinds}</Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PARTS}/relationships">'
            f'<Relationship Id="r1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr("xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{names}</sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PARTS}/relationships">{links}</Relationships>')
        for at, rows in enumerate(sheets.values(), 1):
            book.writestr(
                f"xl/worksheets/s{at}.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{_cells(rows)}</sheetData></worksheet>'
            )
    return out.getvalue()


def _cells(rows: list[list[Any]]) -> str:
    def cell(place: str, value: Any) -> str:
        if isinstance(value, str):
            return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
        return f'<c r="{place}"><v>{value}</v></c>'

    return "".join(
        f'<row r="{number}">' + "".join(cell(f"{chr(65 + at)}{number}", value) for at, value in enumerate(row)) + "</row>"
        for number, row in enumerate(rows, 1)
    )


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("_csv", ".csv"), content)
    return out.getvalue()


def parquet_file(**columns: Any) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out)
    return out.getvalue()


def orders() -> bytes:
    return parquet_file(
        order_id=["0017", "0018"],
        customer_id=["C1", "C2"],
        order_date=[dt.date(2024, 1, 31), dt.date(2024, 2, 1)],
        net=[12.5, 3.0],
    )


@pytest.mark.parametrize(
    "make",
    [lambda: xlsx(Orders=ROWS), orders, lambda: zipped(orders_csv=CSV), lambda: gzip.compress(CSV)],
    ids=["workbook", "parquet", "zip", "gzip"],
)
def test_each_container_gives_the_rows_that_the_text_would(company: Any, make: Callable[[], bytes]) -> None:
    result = company.load("orders", make())
    assert (result["read"], result["inserted"], result["rejected"]) == (2, 2, 0)
    found = [(name, str(day), float(net)) for name, day, net in company.rows(SalesOrder, "external_id", "occurred_on", "net")]
    assert found == [("0017", "2024-01-31", 12.5), ("0018", "2024-02-01", 3.0)], "ids with leading zeros stay text"


def test_the_largest_sheet_is_read_and_another_can_be_chosen(company: Any) -> None:
    book = xlsx(Notes=[["hello"]], Orders=ROWS)
    blobs = company.runtime.blobs.of(company.tenant.id)
    kept = uploads.keep_file(blobs, io.BytesIO(book))
    with blobs.open(kept.blob) as stream:
        assert stream.read().decode().startswith("order_id,")
    assert [note.text() for note in kept.notes] == [
        "Kith reads “Orders”. The file also has: Notes. Import each of those by itself."
    ]
    other = uploads.keep_file(blobs, io.BytesIO(book), part="Notes")
    with blobs.open(other.blob) as stream:
        assert stream.read() == b"hello\n"
    with pytest.raises(FileProblem, match=r"There is no “Sales” in the file. It has: Notes, Orders\."):
        uploads.keep_file(blobs, io.BytesIO(book), part="Sales")


def test_on_the_page_another_sheet_is_one_choice_away(company: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("admin", tenant=company.tenant)
    base = f"/c/{client.slug}/imports"
    book = xlsx(Extra=ROWS[:2], Orders=ROWS)
    sent = client.post(f"{base}/new", data={"table": "orders", "source": "book", "file": (io.BytesIO(book), "book.xlsx")})
    assert sent.status_code == 302, sent.get_data(as_text=True)
    page = client.get(sent.location).get_data(as_text=True)
    assert "The file holds several tables" in page
    assert page.index("<option selected>Orders") < page.index("<option>Extra")
    chosen = client.post(f"{sent.location}/part", data={"part": "Extra"})
    assert chosen.status_code == 302
    page = client.get(sent.location).get_data(as_text=True)
    assert page.index("<option selected>Extra") < page.index("<option>Orders")
    started = client.post(
        f"/api/v1/imports/{sent.location.rpartition('/')[2]}/start", json={}, headers={"X-Kith-Tenant": client.slug}
    )
    assert started.status_code == 202, started.get_json()
    assert client.post(f"{sent.location}/part", data={"part": "Orders"}).status_code == 409


def lying_bomb() -> bytes:
    """Gigabytes of zeros behind a directory that says ten."""
    data = bytearray(zipped(orders_csv=bytes(200_000_000)))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(data)


def flipped(data: bytes) -> bytes:
    """The same file with one byte in its middle turned over."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: xlsx(Orders=ROWS)[:-300], "broken"),
        (lambda: b"PK\x03\x04" + b"x" * 500, "broken"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "broken"),
        (lambda: orders()[:-20], "broken"),
        (lambda: gzip.compress(CSV)[:-12], "broken"),
        (lambda: flipped(gzip.compress(CSV * 50)), "broken"),
        (lambda: flipped(zipped(orders_csv=bytes(range(256)) * 50)), "broken"),
        (lambda: xlsx(Empty=[]), "empty"),
        (lambda: zipped(**{"readme.md": b"# hello"}), "nothing_packed"),
        (lambda: zipped(orders_csv=bytes(200_000_000)), "bomb"),
        (lying_bomb, "broken"),
        (lambda: gzip.compress(bytes(200_000_000)), "bomb"),
        (lambda: zipped(**{f"f{at}_csv": b"a,b\n1,2\n" for at in range(1001)}), "bomb"),
        (lambda: parquet_file(order_id=["1"], tags=[["a", "b"]]), "nested"),
        (lambda: parquet_file(**{f"c{at}": ["x"] for at in range(501)}), "too_many_columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_what_cannot_be_read_is_refused_and_leaves_nothing_behind(company: Any, make: Callable[[], bytes], problem: str) -> None:
    blobs = company.runtime.blobs.of(company.tenant.id)
    with pytest.raises(FileProblem) as raised:
        uploads.keep_file(blobs, io.BytesIO(make()))
    assert raised.value.code == problem
    assert not blobs.exists("imports") or not blobs.files.find(blobs.path("imports"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (17850.0, "17850"),
        (0.1, "0.1"),
        (True, "true"),
        (dt.datetime(2024, 1, 31), "2024-01-31"),  # noqa: DTZ001 - as workbooks give it
        (dt.datetime(2024, 1, 31, 9, 5), "2024-01-31 09:05:00"),  # noqa: DTZ001 - as workbooks give it
        (dt.date(2024, 1, 31), "2024-01-31"),
        (None, ""),
        ("007", "007"),
    ],
)
def test_cells_read_as_their_owner_sees_them(value: object, text: str) -> None:
    assert text_of(value) == text
