"""People's names in compared form: which part is the family's, how each sounds, and in which script it was written."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from kith_platform.duplicates.han import has_han, is_han, is_pinyin, is_surname, pinyin, simplified, split_name
from kith_platform.duplicates.wordlist import listed

HAN, KANA, LATIN, PINYIN = "han", "kana", "latin", "pinyin"

_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_TITLES = frozenset(listed("mr mrs ms miss dr prof sir madam herr frau mme mlle monsieur madame sr sra"))
_TITLES_AFTER = ("先生", "女士", "小姐", "太太", "老师", "经理", "様", "样", "さん", "さま", "殿")
_SUFFIXES = frozenset(["jr", "junior", "ii", "iii", "iv"])
_PARTICLES = frozenset(listed("van von de der den del della di da dos la le du bin al el ter ten san"))
# What stands where a name was not given.
_NOBODY = frozenset(
    listed("unknown test na none null noname anonymous guest customer nn xxx tbd 未知 匿名 测试 无 客户 散客 不详 游客 先生 女士")
)


@dataclass(frozen=True, slots=True)
class Name:
    """Empty strings where nothing was given. `first` is the first word of the given names, `tail` Jr, II and the like.

    Sounds compare across scripts: Han characters by their pinyin, Latin letters without doubled letters and long vowels.
    """

    given: str = ""
    family: str = ""
    given_sound: str = ""
    family_sound: str = ""
    first: str = ""
    tail: str = ""
    script: str = ""


NOBODY = Name()


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Width, case and accents unified; Han characters simplified; hiragana written as katakana."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKC", text)
    kana = "".join(chr(ord(char) + 0x60) if "\u3041" <= char <= "\u3096" else char for char in plain)
    bare = "".join(char if "\u30a0" <= char <= "\u30ff" else _bare(char) for char in simplified(kana))
    return " ".join(bare.casefold().translate(_LETTERS).split())


def _bare(char: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))


@lru_cache(maxsize=200_000)
def sound(word: str) -> str:
    """How a word in Latin letters sounds, roughly: Mueller as Muller, Satou as Sato, Phillip as Philip."""
    letters = re.sub(r"[^a-z]", "", word).replace("ph", "f").replace("ck", "k")
    letters = re.sub(r"([aou])e", r"\1", letters)
    letters = re.sub(r"o[uh](?![aeiou])", "o", letters)
    return re.sub(r"(.)\1+", r"\1", letters)


def parse(name: str | None, given: str | None = None, family: str | None = None) -> Name:
    """A person's name from its parts, or from the whole where a source has but one field."""
    return _parse(name or "", given or "", family or "")


@lru_cache(maxsize=200_000)
def _parse(name: str, given: str, family: str) -> Name:
    if given.strip() and family.strip():
        return _of(_clean(given), _clean(family), written_apart=True)
    if family.strip() and not name.strip():
        return _of("", _clean(family), written_apart=True)
    if given.strip() and not name.strip():
        return _of(_clean(given), "", written_apart=True)
    whole = _clean(name)
    if not whole:
        return NOBODY
    if has_han(whole):
        return _of_han(whole)
    if not whole.isascii() and any("\u30a0" <= char <= "\u30ff" for char in whole):
        head, _, rest = re.sub(r"[・=]", " ", whole).partition(" ")
        return _of(rest or head, head if rest else "")
    return _of_latin(whole, name)


def _clean(text: str) -> str:
    folded = fold(re.sub(r"[(（\[].*?[)）\]]", " ", text))
    for title in _TITLES_AFTER:
        folded = folded.removesuffix(title)
    folded = folded.strip(" .,;-")
    return "" if folded.replace(" ", "").replace("/", "") in _NOBODY else folded


def _of_han(whole: str) -> Name:
    parts = whole.split()
    if len(parts) == 2 and all(any(is_han(char) or "\u30a0" <= char <= "\u30ff" for char in part) for part in parts):
        return _of(parts[1], parts[0])
    family, given = split_name(re.sub(r"[^\w]|[a-z0-9]", "", whole.replace(" ", "")))
    return _of(given, family)


def _of_latin(whole: str, written: str) -> Name:
    if "," in whole:
        family, _, given = whole.partition(",")
        return _of(given, family, written_apart=True)
    words = [word for word in re.split(r"[\s.]+", whole) if word and word not in _TITLES]
    tail = next((word for word in words if word in _SUFFIXES), "")
    words = [word for word in words if word not in _SUFFIXES]
    if len(words) < 2:
        return _of(" ".join(words), "", tail=tail)
    shouted = [word for word in re.split(r"[\s.]+", written) if len(word) > 1 and word.isupper()]
    if len(shouted) == 1 and fold(shouted[0]) == words[0]:
        return _of(" ".join(words[1:]), words[0], tail=tail)
    if is_surname(words[0]) and not is_surname(words[-1]) and all(is_pinyin(word.replace("-", "")) for word in words):
        return _of(" ".join(words[1:]), words[0], tail=tail)
    start = len(words) - 1
    while start > 1 and words[start - 1] in _PARTICLES:
        start -= 1
    return _of(" ".join(words[:start]), " ".join(words[start:]), tail=tail)


def _of(given: str, family: str, *, tail: str = "", written_apart: bool = False) -> Name:
    given, family = given.strip(" .,"), family.strip(" .,")
    words = [word for word in given.split() if word not in _TITLES]
    if written_apart and (tails := [word for word in (*words, *family.split()) if word.strip(".") in _SUFFIXES]):
        tail = tails[0].strip(".")
        words = [word for word in words if word not in tails]
        family = " ".join(word for word in family.split() if word not in tails)
    # What stands between the first and the family name as one letter is there today and gone tomorrow.
    words = words[:1] + [word for word in words[1:] if len(word) > 1 or is_han(word) or len(words[0]) == 1]
    joined = "".join(words).replace("-", "").replace("'", "")
    script = _script(joined + family)
    kin = family.replace(" ", "").replace("-", "").replace("'", "")
    if script == HAN:
        sounds = pinyin(joined) if joined else "", pinyin(kin, surname=True) if kin else ""
    elif script == KANA:
        sounds = joined.replace("ー", ""), kin.replace("ー", "")
    else:
        chinese = is_surname(kin) or is_surname(joined)
        script = PINYIN if chinese and is_pinyin(joined) and is_pinyin(kin) else LATIN
        sounds = (joined, kin) if script == PINYIN else (sound(joined) or joined, sound(kin) or kin)
    first = re.split(r"[\s-]", words[0])[0] if words else ""
    return Name(joined, kin, sounds[0], sounds[1], first, {"junior": "jr"}.get(tail, tail), script if joined or kin else "")


def _script(text: str) -> str:
    if has_han(text):
        return HAN
    return KANA if not text.isascii() and any("\u30a0" <= char <= "\u30ff" for char in text) else LATIN
