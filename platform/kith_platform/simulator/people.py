"""Who the customers are: invented people of three languages, whose addresses and numbers reach nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

# Common names and their romanisation: simplified, traditional, romanised.
_FAMILY = (
    "王王Wang 李李Li 张張Zhang 刘劉Liu 陈陳Chen 杨楊Yang 黄黃Huang 赵趙Zhao 吴吳Wu 周周Zhou 徐徐Xu 孙孫Sun 马馬Ma 朱朱Zhu "
    "胡胡Hu 林林Lin 郭郭Guo 何何He 高高Gao 罗羅Luo 郑鄭Zheng 梁梁Liang 谢謝Xie 宋宋Song 唐唐Tang 许許Xu 邓鄧Deng 冯馮Feng"
)
_GIVEN = (
    "伟偉Wei 芳芳Fang 娜娜Na 敏敏Min 静靜Jing 丽麗Li 强強Qiang 磊磊Lei 军軍Jun 洋洋Yang 勇勇Yong 艳艷Yan 杰傑Jie 涛濤Tao "
    "明明Ming 超超Chao 秀秀Xiu 霞霞Xia 平平Ping 刚剛Gang 桂桂Gui 文文Wen 辉輝Hui 玲玲Ling 建建Jian 华華Hua 玉玉Yu 雪雪Xue "
    "晨晨Chen 宇宇Yu 欣欣Xin 怡怡Yi 佳佳Jia 俊俊Jun 婷婷Ting 浩浩Hao 思思Si 雨雨Yu 安安An 子子Zi"
)
_WEST_FAMILY = (
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall "
    "Wood Jackson Clarke Martin Harris Cooper King Baker Turner Hill Ward Morgan Allen Young Scott Campbell Murphy Kelly"
)
_WEST_GIVEN = (
    "Oliver Amelia George Isla Harry Ava Noah Mia Jack Ivy Leo Lily Arthur Grace Oscar Freya Charlie Emily Henry Sophie Theo "
    "Ella Finley Ruby Thomas Alice James Evie Lucas Daisy William Rosie Ethan Clara Daniel Nora Samuel Hazel Peter Anna"
)
REGIONS = ("North Harbour", "East Gate", "Lotus Hill", "Riverside", "Old Town", "Pine Valley")


_DRAMA = (
    "113 496 0", "114 496 0", "116 496 0", "117 496 0", "118 496 0", "121 496 0", "20 7946 0", "191 498 0", "28 9649 6",
    "29 2018 0", "808 157 0", "306 999 0",
)  # fmt: skip
_AREAS = [code for code in range(201, 990) if code % 100 != 11]


@dataclass(frozen=True)
class People:
    """The columns that describe persons, n each; `region` indexes REGIONS."""

    ids: NDArray[np.str_]
    region: NDArray[np.int64]
    table: pl.DataFrame


def people(rng: np.random.Generator, count: int, prefix: str, chinese: float) -> People:
    """Invent `count` persons, the share `chinese` of them with Chinese names (half in simplified characters).

    E-mail domains are those reserved by RFC 2606. Every address and number is used once.
    """
    language = rng.choice(3, count, p=[1 - chinese, chinese / 2, chinese / 2])
    family, given, west_family, west_given = (names.split() for names in (_FAMILY, _GIVEN, _WEST_FAMILY, _WEST_GIVEN))
    picks = [rng.integers(0, len(names), count) for names in (family, given, given, west_family, west_given)]
    two = rng.random(count) < 0.6
    names = [
        _chinese(tongue, family[f], given[g], given[h] if pair else "") if tongue else (west_given[v], west_family[w], "")
        for tongue, f, g, h, w, v, pair in zip(language, *picks, two, strict=True)
    ]
    ids = np.array([f"{prefix}{number:06d}" for number in range(1, count + 1)])
    region = rng.choice(len(REGIONS), count, p=[0.24, 0.22, 0.18, 0.16, 0.12, 0.08])
    domains = np.array(["example.com", "example.org", "example.net"])[rng.integers(0, 3, count)]
    latin = [(roman or f"{first}.{last}").lower() for first, last, roman in names]
    table = pl.DataFrame(
        {
            "customer_id": ids,
            "name": [f"{last}{first}" if roman else f"{first} {last}" for first, last, roman in names],
            "given_name": [first for first, _, _ in names],
            "family_name": [last for _, last, _ in names],
            "email": [f"{who}.{number + 1}@{domain}" for number, (who, domain) in enumerate(zip(latin, domains, strict=True))],
            "phone": [phone(number) for number in range(count)],
            "language": np.array(["en", "zh-Hans", "zh-Hant"])[language],
            "city": np.array(REGIONS)[region],
            "birth_year": rng.integers(1950, 2006, count),
        }
    )
    return People(ids, region, table)


def phone(number: int) -> str:
    """The number-th telephone number that reaches nobody.

    The first 12,000 lie in the ranges that Ofcom keeps for drama (British geographic, freephone and UK-wide numbers of which
    phonenumbers says that they are valid), and differ in their last eight digits. Those after them are 555-0100 … 555-0199
    of each North American area code, kept for fiction by its numbering plan.
    """
    block, line = divmod(number, 1000)
    if block < len(_DRAMA):
        return f"+44 {_DRAMA[block]}{line:03d}"
    area, line = divmod(number - 1000 * len(_DRAMA), 100)
    return f"+1 {_AREAS[area]} 555 01{line:02d}"


def _chinese(tongue: int, family: str, first: str, second: str) -> tuple[str, str, str]:
    """Given name, family name and romanised form; tongue 1 writes simplified, 2 traditional characters."""
    place = tongue - 1
    given = first[place] + (second[place] if second else "")
    return given, family[place], f"{first[2:]}{second[2:].lower()}.{family[2:]}"
