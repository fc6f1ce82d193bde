"""Bad files by the hundred, made by rule and by seed: what people's exports, mail programs and enemies do to a table."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Iterator
from itertools import pairwise

Files = Iterator[tuple[str, str, bytes]]  # name, table, content

ORDERS = "order_id,customer_id,order_date,amount\nA-1,C1,2024-01-05,5.50\nA-2,C2,2024-02-06,7\nA-3,,2024-03-07,-1\n"
WIDE = "order_id,order_date,customer_id,sku,quantity,net\nA,2024-01-05,C1,P1,1,2\nA,2024-01-05,C1,P2,-1,-3\nB,2024-01-06,,P,2,4\n"
PEOPLE = "客户编号,姓名,电话,城市\n一,王小明,13800138000,上海\n二,陳大文,0912-345-678,臺北\n三,José Ñandú,+44 20 7946 0018,Köln\n"
WESTERN = "customer_id,name,city\n1,José Ñandú,Köln\n2,Zoë Brontë,Århus\n"
BASES = {
    "orders": ("orders", ORDERS),
    "wide": ("orders", WIDE),
    "people": ("customers", PEOPLE),
    "western": ("customers", WESTERN),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030", "big5", "cp1252", "utf-32")
ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r", "mixed": None}


def encodings() -> Files:
    """Every encoding with every line end; characters that an encoding lacks are question marks, as programs write them."""
    for name, (table, text) in BASES.items():
        for encoding in ENCODINGS:
            for end, sign in ENDS.items():
                lines = text.splitlines()
                ends = [sign or "\n\r\n\r"[at % 3 : at % 3 + 1 + (at % 3 == 1)] for at in range(len(lines))]
                body = "".join(line + mark for line, mark in zip(lines, ends, strict=True))
                yield f"{name}-{encoding}-{end}", table, body.encode(encoding, "replace")


def dialects() -> Files:
    """Separators, quotes as they should and should not be, headers and none."""
    rows = [line.split(",") for line in WIDE.splitlines()]
    quotes = {
        "none": lambda cell: cell,
        "all": lambda cell: f'"{cell}"',
        "single": lambda cell: f"'{cell}'",
        "doubled": lambda cell: f'"{cell}""x"',
        "stray": lambda cell: f'{cell}"x',
        "unclosed": lambda cell: f'"{cell}',
        "line_in_cell": lambda cell: f'"{cell}\n{cell}"',
    }
    for sign, delimiter in {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blanks": "   "}.items():
        for way, quote in quotes.items():
            body = rows[:1] + [[quote(cell) for cell in row] for row in rows[1:]]
            text = "\n".join(delimiter.join(row) for row in body) + "\n"
            yield f"{sign}-{way}", "orders", text.encode()
        yield f"{sign}-no-header", "orders", "\n".join(delimiter.join(row) for row in rows[1:]).encode()


DATES = """2024-02-30 31/02/2024 13/13/2024 0000-00-00 9999-12-31 1e5 20240305 2024年3月5日 45000 now() 2024-03-05T25:61:61
2024-03-05T10:00:00+99:00 １９９９-０１-０１ -1 '2024-01-01 NaT"""
AMOUNTS = """1,234.56 1.234,56 (5) 5- --5 1e309 -1e-400 NaN inf １２ 12.5.5 €5 5元 0x1F =1+1 +5 ٣ ½ 1_000 5% 1/2 NULL
9999999999999999999999999999999999999999 ...................."""
IDS = """1234567890123456789 1.23457E+18 00017 17850.0 =cmd|'/C'!A0 @SUM(A1) +1 -1 𠀀𪚥 مرحبا {{7*7}} <script> %s%n .. ';DROP"""
ODD_IDS = ["a" * 40_000, "\u202eabc", "\ufeff", "a\u200bb", "\U0001f468\u200d\U0001f469", "\ta", "x\x0by", "\\N"]


def cells() -> Files:
    """Values that are hard to read, each in a column of its own kind."""
    kinds = {
        "date": (DATES.split(), "{at},C1,{v},5"),
        "amount": (AMOUNTS.split(), "{at},C1,2024-01-01,{v}"),
        "id": (IDS.split() + ODD_IDS, "{v},{v},2024-01-01,5"),
    }
    for kind, (values, line) in kinds.items():
        for at, value in enumerate(values):
            cell = '"' + value.replace('"', '""') + '"' if set(value) & set(',"') else value
            lines = [ORDERS.splitlines()[0], "G1,C1,2024-01-01,5", line.format(at=at, v=cell), "G2,C1,2024-01-01,5"]
            yield f"{kind}-{at}", "orders", "\n".join(lines).encode()


def shapes() -> Files:
    """Tables that are hardly tables."""
    head = b"order_id,customer_id,order_date,amount\n"
    yield "empty", "orders", b""
    yield "blank", "orders", b"\n"
    yield "blanks", "orders", b"   \n\t\n\r\n"
    yield "bom", "orders", b"\xef\xbb\xbf"
    yield "bom16", "orders", b"\xff\xfe"
    yield "half16", "orders", b"\xff\xfea"
    yield "nuls", "orders", b"\0" * 5000
    yield "header", "orders", head
    yield "header-bare", "orders", head.strip()
    yield "end-of-file-sign", "orders", ORDERS.encode() + b"\x1a"
    yield "end-of-file-signs", "orders", ORDERS.encode() + b"\x1a" * 100
    yield "nul-in-line", "orders", ORDERS.encode().replace(b"A-2", b"A\0-2")
    yield "ragged", "orders", head + b"A\nB,C1\nC,C1,2024-01-01,5,6,7\nD,C1,2024-01-01,5\n,,,\n,\n"
    yield "many-blank-lines", "orders", head + b"\n" * 20_000 + b"A,C1,2024-01-01,5\n"
    yield "twice-the-header", "orders", ORDERS.encode() * 2
    yield "same-names", "orders", b"order_id,order_id,order_date,amount\nA,B,2024-01-01,5\n"
    yield "no-names", "orders", b",,,\nA,C1,2024-01-01,5\n"
    yield "preamble", "orders", b"Report of 2024\n\nby: Kim\n" + ORDERS.encode()
    yield "total-line", "orders", ORDERS.encode() + b"Total,,,12.50\n"
    yield "columns-500", "orders", (",".join(f"c{at}" for at in range(500)) + "\n" + ",".join("1" * 500) + "\n").encode()
    yield "columns-501", "orders", (",".join(f"c{at}" for at in range(501)) + "\n" + ",".join("1" * 501) + "\n").encode()
    yield "columns-million", "orders", b"a," * 1_000_000 + b"a\n" + b"1," * 1_000_000 + b"1\n"
    yield "long-cell", "orders", head + b"A,C1,2024-01-01,5\nB," + b"x" * 200_000 + b",2024-01-01,5\n"
    yield "long-line", "orders", head + b"A,C1,2024-01-01,5\nB," + b"x" * 5_000_000 + b",2024-01-01,5\n"
    yield "one-long-quote", "orders", head + b'A,"' + b"x\n" * 30_000
    yield "quotes", "orders", b'"' * 10_001
    yield "commas", "orders", b"," * 300 + b"\n" + b"," * 300
    yield "one-column", "orders", b"order_id\nA\nB\n"
    yield "prose", "orders", b"Dear all,\nplease find attached\nthe orders, as promised.\nKim\n"


def disguises() -> Files:
    """Other kinds of file, honest or under the name of a table, and bombs."""
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'
    names = "abcdefghi"
    jokes = "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in pairwise(names))
    laughs = f"<!DOCTYPE x [<!ENTITY a 'ha'>{jokes}]><x>&i;</x>"
    yield "pdf", "orders", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
    yield "png", "orders", b"\x89PNG\r\n\x1a\n" + b"\0" * 100
    yield "jpeg", "orders", b"\xff\xd8\xff\xe0" + bytes(range(256))
    yield "elf", "orders", b"\x7fELF" + bytes(500)
    yield "html", "orders", b"<!DOCTYPE html><html><body><table><tr><td>1</td></tr></table></body></html>"
    yield "xxe", "orders", entity.encode()
    yield "laughs", "orders", laughs.encode()
    yield "json", "orders", b'[{"order_id": "A", "amount": 5}]'
    yield "json-lines", "orders", b'{"order_id": "A"}\n{"order_id": "B"}\n'
    yield "noise", "orders", random.Random(1).randbytes(20_000)
    yield "gzip-noise", "orders", b"\x1f\x8b\x08" + random.Random(2).randbytes(2_000)
    yield "gzip-cut", "orders", gzip.compress(ORDERS.encode() * 500)[:-40]
    yield "gzip", "orders", gzip.compress(ORDERS.encode())
    yield "gzip-twice", "orders", gzip.compress(gzip.compress(ORDERS.encode()))
    yield "parquet-noise", "orders", b"PAR1" + random.Random(3).randbytes(400) + b"PAR1"
    yield "parquet-bare", "orders", b"PAR1PAR1"
    yield "ole-noise", "orders", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + random.Random(4).randbytes(4_000)
    yield "bzip2", "orders", b"BZh91AY&SY" + bytes(50)
    yield "rar", "orders", b"Rar!\x1a\x07\x01\x00" + bytes(50)
    yield "seven", "orders", b"7z\xbc\xaf'\x1c" + bytes(50)
    packed: dict[str, dict[str, str | bytes]] = {
        "one": {"a.csv": ORDERS},
        "none": {},
        "nested": {"a.zip": _zip({"a.csv": ORDERS})},
        "climbing": {"../../a.csv": ORDERS},
        "absolute": {"/etc/a.csv": ORDERS},
        "odd-names": {"\u202egnp.csv": ORDERS, "con.csv": ORDERS},
        "docx": {"word/document.xml": "<x/>", "[Content_Types].xml": "<x/>"},
        "many": {f"{at}.txt": "a" for at in range(1_500)},
        "xlsx-xxe": dict.fromkeys(("xl/workbook.xml", "[Content_Types].xml", "_rels/.rels"), entity),
        "xlsx-laughs": dict.fromkeys(("xl/workbook.xml", "[Content_Types].xml", "_rels/.rels"), laughs),
    }
    for name, entries in packed.items():
        yield f"zip-{name}", "orders", _zip(entries)
    whole = _zip({"a.csv": ORDERS * 200})
    yield "zip-cut", "orders", whole[: len(whole) // 2]
    locked = bytearray(whole)
    locked[6] |= 1  # the flag of both headers that says "encrypted"
    locked[locked.rfind(b"PK\1\2") + 8] |= 1
    yield "zip-locked", "orders", bytes(locked)
    yield "zip-lying", "orders", _lying(whole)
    zeros = b"0" * 30_000_000
    yield "bomb-zip", "orders", _zip({"a.csv": zeros})
    yield "bomb-gzip", "orders", gzip.compress(zeros)
    yield "bomb-zip-many", "orders", _zip({f"{at}.csv": zeros[:3_000_000] for at in range(10)})
    yield "bomb-zip-nested", "orders", _zip({"a.zip": _zip({"a.csv": zeros})})
    yield "bomb-xlsx", "orders", _zip({"xl/workbook.xml": zeros, "[Content_Types].xml": "<x/>", "xl/worksheets/s1.xml": zeros})


def damaged(seeds: range) -> Files:
    """Good files with a few bytes lost, doubled, turned or put in."""
    for seed in seeds:
        chance = random.Random(seed)
        name, (table, text) = chance.choice(list(BASES.items()))
        encoding = chance.choice(("utf-8", "gb18030", "utf-16", "utf-8-sig"))
        data = bytearray((text * chance.randrange(1, 4)).encode(encoding, "replace"))
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data) or 1)
            match chance.randrange(6):
                case 0:
                    del data[at : at + chance.randrange(1, 20)]
                case 1:
                    data[at:at] = data[at : at + 30]
                case 2:
                    data[at : at + 1] = bytes([chance.randrange(256)])
                case 3:
                    data[at:at] = chance.choice((b'"', b"\0", b"\r", b"\n", b",", b"\x1a", b"\xff", b"\xe4\xb8", b"'", b";;;"))
                case 4:
                    data[:] = data[: at + 1]
                case _:
                    data[at:at] = chance.randbytes(chance.randrange(1, 5))
        yield f"{name}-{seed}", table, bytes(data)


def _zip(entries: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def _lying(whole: bytes) -> bytes:
    """An archive whose directory says that an entry is small."""
    at = whole.rfind(b"PK\1\2")
    return whole[: at + 24] + struct.pack("<I", 10) + whole[at + 28 :]
