"""Search tokens: what a person may type to find a customer. Equality and prefixes on text COLLATE "C" are served by an index."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MOST = 64  # tokens per customer
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af\U00020000-\U0003ffff]+")


def fold(text: str) -> str:
    """Compared form: width and compatibility forms unified, accents dropped, case folded."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFKC", "".join(char for char in plain if not unicodedata.combining(char))).casefold()


def tokens(*texts: str | None) -> list[str]:
    """Words, bigrams of CJK runs, and trigrams of runs of digits, of all texts together; sorted, at most MOST."""
    found: dict[str, None] = {}
    for text in texts:
        if text:
            found.update(dict.fromkeys(_tokens(fold(text))))
    return sorted(found)[:MOST]


def _tokens(text: str) -> Iterator[str]:
    if not text.isascii():
        for run in _CJK.findall(text):
            yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))
        text = _CJK.sub(" ", text)
    yield from _WORD.findall(text)
    digits = re.sub(r"[\s()+./-]", "", text)
    if len(digits) >= 6 and digits.isdigit():
        yield from (f"#{digits[at : at + 3]}" for at in range(len(digits) - 2))


def query(text: str) -> tuple[list[str], str]:
    """What a typed query asks for: tokens that must all be there, and a last word of which only the beginning is known."""
    folded = fold(text.strip())
    digits = re.sub(r"[\s()+./-]", "", folded)
    if len(digits) >= 3 and digits.isdigit() and (" " in folded.strip() or len(digits) >= 6):
        return [f"#{digits[at : at + 3]}" for at in range(len(digits) - 2)][:8], ""
    exact: list[str] = []
    for run in _CJK.findall(folded):
        if len(run) > 1:
            exact += [run[at : at + 2] for at in range(len(run) - 1)]
    words = _WORD.findall(_CJK.sub(" ", folded))
    single = [run for run in _CJK.findall(folded) if len(run) == 1]
    if words:
        return exact + words[:-1], words[-1]
    return exact, single[-1] if single and not exact else ""


def inside(text: str) -> list[str]:
    """Tokens of three to five digits typed alone: they may also stand anywhere within a number, such as a phone's last four."""
    folded = fold(text.strip())
    if not (3 <= len(folded) <= 5 and folded.isascii() and folded.isdigit()):
        return []
    return [f"#{folded[at : at + 3]}" for at in range(len(folded) - 2)]
