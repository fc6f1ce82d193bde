"""Han characters in compared form: traditional, Japanese and variant shapes folded into simplified ones, and their pinyin."""
# ruff: noqa: E501 - lists of words

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from kith_platform.duplicates.wordlist import listed

# Shapes of name characters that no conversion table folds: what people, or their registers, write for one and the same.
_VARIANTS = str.maketrans(
    {"邉": "边", "邊": "边", "﨑": "崎", "髙": "高", "濵": "滨", "栁": "柳", "吿": "告", "槗": "桥", "嶌": "岛"}
)
# Characters that are read otherwise when they are a family name.
_SURNAME_READINGS = {
    "单": "shan", "仇": "qiu", "曾": "zeng", "解": "xie", "查": "zha", "区": "ou", "朴": "piao", "盖": "ge", "缪": "miao",
    "尉": "yu", "翟": "zhai", "任": "ren", "华": "hua", "繁": "po", "折": "she", "黑": "he", "秘": "bi", "宁": "ning",
}  # fmt: skip
COMPOUND = frozenset(
    listed("欧阳 司马 诸葛 上官 东方 皇甫 尉迟 公孙 慕容 令狐 夏侯 司徒 长孙 宇文 端木 百里 南宫 轩辕 钟离 独孤 呼延 闻人")
)
# Japanese family names of two and three characters that are common enough to split a name written without a space.
_JAPANESE = (
    "佐藤 铃木 高桥 田中 伊藤 渡边 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 斋藤 清水 山崎 池田 桥本 阿部 石川 "
    "山下 中岛 石井 小川 前田 冈田 长谷川 藤田 后藤 近藤 村上 远藤 青木 坂本 福田 太田 西村 藤井 金子 冈本 藤原 三浦 中野 "
    "中川 原田 松田 竹内 小野 田村 中山 和田 石田 森田 上田 横山 宫崎 内田 高木 安藤 谷口 大野 丸山 今井 河野 藤本 村田 武田"
)
_SURNAMES_PINYIN = frozenset(
    listed(
        "wang li zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo liang song zheng xie han tang "
        "feng yu dong xiao cheng cao yuan deng fu shen zeng peng lv lu su jiang cai jia ding wei xue ye yan pan du dai xia "
        "zhong tian ren fan fang shi yao tan liao zou xiong jin hao kong bai cui kang mao qiu qin gu hou shao meng long wan "
        "duan lei qian yin yi chang qiao lai gong wen ouyang sima zhuge shangguan situ"
    )
)
_INITIALS = listed("b p m f d t n l g k h j q x zh ch sh r z c s y w")
_FINALS = listed("a o e i u ai ei ao ou an en ang eng ong ia ie iao iu ian in iang ing iong ua uo uai ui uan un uang ue v ve")
_SYLLABLES = frozenset(start + end for start in _INITIALS for end in _FINALS) | {"a", "o", "e", "ai", "ei", "ao", "ou", "an", "en",
    "ang", "er"}  # fmt: skip


def is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\U00020000" <= char <= "\U0003ffff" or char == "々"


def has_han(text: str) -> bool:
    return not text.isascii() and any(is_han(char) for char in text)


@cache
def _converters() -> tuple[Any, Any]:
    from opencc import OpenCC

    return OpenCC("jp2t"), OpenCC("t2s")


@lru_cache(maxsize=65_536)
def _simple(char: str) -> str:
    from_japanese, to_simplified = _converters()
    found = str(to_simplified.convert(from_japanese.convert(char.translate(_VARIANTS)))).translate(_VARIANTS)
    return found if len(found) == 1 else char


def simplified(text: str) -> str:
    """Every character by itself, so that one text always folds to one form: 渡邊, 渡辺 and 渡边 are one name."""
    return text if text.isascii() else "".join(_simple(char) if is_han(char) else char for char in text)


@lru_cache(maxsize=65_536)
def _reading(char: str) -> str:
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(char)).replace("v", "u").replace("ü", "u")


def pinyin(text: str, *, surname: bool = False) -> str:
    """Readings without tones, joined; the first character as a family name's where it is one."""
    special = _SURNAME_READINGS.get(text[:1]) if surname else None
    return (special or _reading(text[:1])) + "".join(_reading(char) for char in text[1:])


@cache
def _japanese() -> frozenset[str]:
    return frozenset(simplified(name) for name in _JAPANESE.split())


def split_name(text: str) -> tuple[str, str]:
    """(family, given) of a folded name in Han characters written without a space."""
    for length in (3, 2):
        if len(text) > length and (text[:length] in _japanese() or text[:length] in COMPOUND):
            return text[:length], text[length:]
    if len(text) < 2:
        return text, ""
    return (text[:2], text[2:]) if len(text) >= 4 else (text[:1], text[1:])


@lru_cache(maxsize=65_536)
def is_pinyin(word: str) -> bool:
    """Whether a word of Latin letters can be read as pinyin syllables: xiaoming, not robert."""
    if not word or word in _SYLLABLES:
        return bool(word)
    return any(word[:length] in _SYLLABLES and is_pinyin(word[length:]) for length in range(1, min(6, len(word)) + 1))


def is_surname(word: str) -> bool:
    """Whether a Latin word is a common Chinese family name in pinyin."""
    return word in _SURNAMES_PINYIN
