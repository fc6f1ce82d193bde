"""From bytes to text: byte order mark, UTF-8, then the likeliest of the encodings our users' systems write."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kith_platform.imports.problems import FileProblem, Note, note

CANDIDATES = ("gb18030", "big5", "cp950", "big5hkscs", "cp1252")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_MAGIC = (
    (b"PK\x03\x04", "archive", "ZIP"),
    (b"PK\x05\x06", "archive", "ZIP"),
    (b"%PDF", "pdf", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "binary", "XLS"),
    (b"\x1f\x8b", "archive", "gzip"),
    (b"BZh", "archive", "bzip2"),
    (b"\xfd7zXZ", "archive", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "archive", "7z"),
    (b"Rar!", "archive", "RAR"),
    (b"\x28\xb5\x2f\xfd", "archive", "zstd"),
    (b"PAR1", "binary", "Parquet"),
    (b"SQLite format 3", "binary", "SQLite"),
    (b"\x89PNG", "binary", "PNG"),
    (b"\xff\xd8\xff", "binary", "JPEG"),
    (b"GIF8", "binary", "GIF"),
)
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|\?xml|!--|svg|table)", re.IGNORECASE)
_JSON = re.compile(rb'\s*(?:\[\s*)?\{\s*(?:"|\}\s*$)')
_CONTROL = re.compile("[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]")
_SHIFTING = {"utf-7", "hz", "idna"}  # bytes mean other things after a shift: no line stands alone
_NAMES = {"utf-8-sig": "utf-8", "ascii": "utf-8", "gb2312": "gb18030", "gbk": "gb18030"}


@dataclass(frozen=True)
class Decoded:
    """A sample as text (without byte order mark), in which encoding, how surely (0..1), and what to check."""

    text: str
    encoding: str
    confidence: float = 1.0
    notes: tuple[Note, ...] = ()


def decode_sample(sample: bytes, *, encoding: str | None, whole: bool) -> Decoded:
    """The sample's text. `whole`: the sample is the entire file, so a cut character at its end is an error of the file.

    Raises FileProblem for what is no text, and for an `encoding` that is unknown or does not fit at all.
    """
    if not sample.strip(b" \t\r\n\x1a\xef\xbb\xbf\xfe\xff\x00"):
        raise FileProblem("empty" if b"\x00" not in sample or len(sample) < 8 else "binary", kind="NUL")
    _refuse_known(sample)
    decoded = _chosen(sample, text_encoding(encoding), whole) if encoding else _guessed(sample, whole)
    lines = decoded.text.split("\n")
    if sum("\x00" in line for line in lines) > len(lines) * 0.1:
        raise FileProblem("binary", kind="NUL")
    if len(_CONTROL.findall(decoded.text)) > len(decoded.text) * 0.02:
        raise FileProblem("binary", kind="?")
    if not decoded.text.strip(" \t\r\n\x1a"):
        raise FileProblem("empty")
    return decoded


def text_encoding(name: str) -> str:
    """Python's name of an encoding that can be cut into lines by bytes, or UTF-16. Raises FileProblem for others."""
    ascii_bytes = b"\n\r,;\t\"'| a0"
    try:
        found = codecs.lookup(name.strip()).name
        found = _NAMES.get(found, found)
        if found in _SHIFTING or (not found.startswith("utf-16") and ascii_bytes.decode().encode(found) != ascii_bytes):
            raise LookupError(name)
    except (LookupError, ValueError, TypeError):
        raise FileProblem("encoding_unknown", encoding=name) from None
    return found


def lenient(data: bytes, encoding: str) -> str:
    """Text for showing: bytes that do not fit appear as \\xNN."""
    return data.decode(encoding, "backslashreplace")


def _refuse_known(sample: bytes) -> None:
    for magic, problem, kind in _MAGIC:
        if sample.startswith(magic):
            raise FileProblem(problem, kind=kind)
    head = sample[:512].removeprefix(codecs.BOM_UTF8)
    if _MARKUP.match(head):
        raise FileProblem("markup")
    if _JSON.match(head):
        raise FileProblem("json")


def _chosen(sample: bytes, encoding: str, whole: bool) -> Decoded:
    """What the user chose holds if nine of ten lines fit; the others are rejected one by one when read."""
    if encoding == "utf-16":
        encoding = "utf-16-be" if sample.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
    body = _without_bom(sample)
    text, wrong = _strict(body, encoding, whole)
    if wrong is None:
        return Decoded(text, encoding)
    if _fitting(body, encoding) < 0.9:
        raise FileProblem("encoding_wrong", encoding=encoding, byte=len(sample) - len(body) + wrong)
    return Decoded(lenient(body, encoding), encoding, 1.0, (note("encoding_mixed", encoding=encoding),))


def _guessed(sample: bytes, whole: bool) -> Decoded:
    bom = next((name for mark, name in _BOMS if sample.startswith(mark)), None)
    wide = bom if bom and bom.startswith("utf-16") else _wide(sample)
    if wide:
        body = _without_bom(sample)
        return Decoded(body[: len(body) // 2 * 2].decode(wide, "backslashreplace"), wide, 1.0 if bom else 0.9)
    body = _without_bom(sample)
    text, wrong = _strict(body, "utf-8", whole)
    if wrong is None:
        return Decoded(text, "utf-8")
    if bom or _fitting(body, "utf-8") >= 0.9:
        return Decoded(lenient(body, "utf-8"), "utf-8", 0.9, (note("encoding_mixed", encoding="utf-8"),))
    return _scored(body, whole)


def _scored(body: bytes, whole: bool) -> Decoded:
    """The candidate that decodes the sample into the most ordinary text. Big5 decodes as GB18030 without an error, so
    the guess is never certain and the first rows are shown."""
    found = [(name, text) for name, (text, wrong) in ((n, _strict(body, n, whole)) for n in CANDIDATES) if wrong is None]
    if not found:
        found = [(name, lenient(body, name)) for name in ("gb18030", "big5", "cp1252")]
        found.sort(key=lambda item: -_fitting(body, item[0]))
        name, text = found[0]
        return Decoded(text, name, 0.3, (note("encoding_mixed", encoding=name),))
    scores = sorted(((_ordinary(body, text, name), -i, name, text) for i, (name, text) in enumerate(found)), reverse=True)
    best, _, name, text = scores[0]
    rival = next((score for score, _, other, shown in scores[1:] if shown != text), 0.0)
    confidence = round(best / (best + rival), 2) if best + rival else 0.5
    notes = (note("encoding_unsure", encoding=name),) if confidence < 0.75 else ()
    return Decoded(text, name, confidence, notes)


def _ordinary(body: bytes, text: str, name: str) -> float:
    """How ordinary the non-ASCII text is, 0..1: everyday hanzi for the Chinese encodings (GB2312's and Big5's first
    levels hold them), letters for cp1252; weighed with charset-normalizer's measure of mess."""
    from charset_normalizer import from_bytes

    wide = [c for c in text if c > "\x7f"]
    if not wide:
        return 0.0
    usual = sum(_everyday(c, name) for c in wide) / len(wide)
    match = next(iter(from_bytes(body[:20_000], cp_isolation=[name])), None)
    mess = match.chaos if match is not None else 1.0
    return max(0.0, usual * (1 - 0.5 * min(mess, 1.0)))


def _everyday(char: str, name: str) -> bool:
    if name == "cp1252":
        return char.isalpha() or char in "€£°§«»“”‘’–—…·"
    if "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef":
        return True
    codec, low, high = ("gb2312", 0xB0, 0xD7) if name == "gb18030" else ("big5", 0xA4, 0xC6)
    try:
        lead = char.encode(codec)
    except UnicodeEncodeError:
        return False
    return len(lead) == 2 and low <= lead[0] <= high


def _strict(body: bytes, encoding: str, whole: bool) -> tuple[str, int | None]:
    """The text, and None or the place of the first byte that does not fit."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(body, whole), None
    except UnicodeDecodeError as error:
        return "", error.start


def _fitting(body: bytes, encoding: str) -> float:
    """The share of lines with non-ASCII bytes that decode; the last, possibly cut, line does not count."""
    if encoding.startswith("utf-16"):
        return 0.0
    lines = [line for line in body.split(b"\n")[:-1] or [body] if not line.isascii()]
    return sum(_fits(line, encoding) for line in lines) / len(lines) if lines else 1.0


def _fits(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: text in it has a NUL in nearly every other byte, always on the same side."""
    pairs = sample[: min(len(sample), 8192) // 2 * 2]
    if len(pairs) < 4:
        return None
    low, high = pairs[0::2].count(0), pairs[1::2].count(0)
    if max(low, high) < 0.2 * len(pairs) / 2 or min(low, high) > 0.02 * len(pairs):
        return None
    return "utf-16-le" if high > low else "utf-16-be"


def _without_bom(sample: bytes) -> bytes:
    return next((sample[len(mark) :] for mark, _ in _BOMS if sample.startswith(mark)), sample)


def wide_as_utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """UTF-16 blocks as UTF-8 blocks, so that one reader cuts lines for all encodings. Lone surrogates pass through and
    are refused line by line; an odd last byte comes out as 0xFF, which is refused too."""
    rest = b""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for block in blocks:
        data = rest + block
        even = len(data) // 2 * 2
        rest = data[even:]
        yield decoder.decode(data[:even]).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", True).encode("utf-8", "surrogatepass") + (b"\xff" if rest else b"")


def wide_size(data: bytes, encoding: str) -> int:
    """How many bytes of the UTF-16 file the UTF-8 `data` of `wide_as_utf8` stands for."""
    odd = data.count(b"\xff")
    text = data.replace(b"\xff", b"").decode("utf-8", "surrogatepass")
    return len(text.encode(encoding, "surrogatepass")) + odd
