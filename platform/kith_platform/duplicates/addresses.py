"""Postal addresses in compared form: the street's name, and all numbers of house, building and room in their order."""

from __future__ import annotations

import re
from functools import lru_cache

from kith_platform.duplicates.han import has_han
from kith_platform.duplicates.names import fold
from kith_platform.duplicates.wordlist import listed

_WORDS = {
    "street": "st", "str": "st", "strasse": "st", "straße": "st", "road": "rd", "avenue": "av", "ave": "av", "drive": "dr",
    "lane": "ln", "court": "ct", "crescent": "cr", "cres": "cr", "place": "pl", "circuit": "cct", "boulevard": "bd", "blvd": "bd",
    "square": "sq", "terrace": "tce", "highway": "hwy", "parkway": "pkwy", "close": "cl", "saint": "st", "mount": "mt",
    "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip
_NOISE = frozenset(listed("apt apartment unit flat suite ste floor fl room rm no nr house"))
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
# 上海市浦东新区张江路88号 and 上海浦东张江路88号 are one place: what ends in a word for an area is left out before the street.
_AREA = re.compile(r"^.{2,8}?(?:省|自治区|特别行政区)|^.{2,8}?(?:市|都|府|县)|^.{1,6}?(?:新区|区|县|镇|乡|郡)")
_ROAD = re.compile(r"([^\d\s,，]{1,8}?(?:大道|路|街道|街|巷|弄|胡同|村|里|花园|小区|苑|丁目|町))(?=\d|[^\d]|$)")


@lru_cache(maxsize=65_536)
def parse(address: str | None, number: str | None = None, more: str | None = None) -> tuple[str, str]:
    """(street, house). `number` and `more` are further columns of some sources. House numbers are joined by hyphens."""
    text = fold(" ".join(part for part in (number, address, more) if part))
    if not text:
        return "", ""
    if has_han(text):
        return _of_han(text)
    main = fold(f"{number or ''} {address or ''}") or text
    words = re.findall(r"[a-zß']+|\d+[a-z]?", main)
    house = [word for word in words if word[0].isdigit()]
    street = [_WORDS.get(word, word) for word in words if not word[0].isdigit() and word not in _NOISE]
    return " ".join(street), "-".join(part.lstrip("0") for part in house)


def _of_han(text: str) -> tuple[str, str]:
    plain = re.sub(r"(?<=[〇零一二三四五六七八九])(?=[号栋幢楼室丁番])|\s", "", text)
    plain = re.sub(r"[〇零一二三四五六七八九]+(?=[号栋幢楼室弄丁番层单])", lambda found: found[0].translate(_DIGITS), plain)
    house = "-".join(part.lstrip("0") for part in re.findall(r"\d+", plain))
    for _step in range(4):
        shorter = _AREA.sub("", plain, count=1)
        if shorter == plain or not shorter:
            break
        plain = shorter
    found = _ROAD.search(plain)
    street = found[1] if found else re.sub(r"[\d号栋幢楼室弄层单元\-,，]", "", plain)
    return street[-8:], house


@lru_cache(maxsize=65_536)
def place(text: str | None) -> str:
    """A city, region or country: 上海市 as 上海, St. Louis as st louis."""
    plain = re.sub(r"[^\w ]", "", fold(text or ""))
    return plain.removesuffix("市").removesuffix("省") if len(plain) > 2 else plain


@lru_cache(maxsize=65_536)
def postcode(text: str | None) -> str:
    return re.sub(r"\W", "", fold(text or ""))
