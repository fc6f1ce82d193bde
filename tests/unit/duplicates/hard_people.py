"""A customer base made to be hard: Chinese, Japanese and Western people with records that look alike and are not, and records
that look different and are one. Who is who follows from the seed and is used for judging alone."""

# ruff: noqa: E501 - lists of words

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from kith_platform.duplicates.prepared import Compared, compared
from kith_platform.duplicates.wordlist import listed

# simplified, traditional, pinyin
ZH_FAMILY = [tuple(one.split("/")) for one in
    listed(
    "王/王/Wang 李/李/Li 张/張/Zhang 刘/劉/Liu 陈/陳/Chen 杨/楊/Yang 赵/趙/Zhao 黄/黃/Huang 周/周/Zhou 吴/吳/Wu 徐/徐/Xu 孙/孫/Sun 马/馬/Ma "
    "郑/鄭/Zheng 冯/馮/Feng 谢/謝/Xie 邓/鄧/Deng 许/許/Xu 韩/韓/Han 欧阳/歐陽/Ouyang 萧/蕭/Xiao 叶/葉/Ye 苏/蘇/Su 钱/錢/Qian"
)]  # fmt: skip
ZH_GIVEN = [tuple(one.split("/")) for one in
    listed(
    "伟/偉/wei 芳/芳/fang 娜/娜/na 敏/敏/min 静/靜/jing 丽/麗/li 强/強/qiang 军/軍/jun 杰/傑/jie 涛/濤/tao 明/明/ming 超/超/chao 霞/霞/xia "
    "红/紅/hong 宇/宇/yu 欣/欣/xin 怡/怡/yi 浩/浩/hao 晓/曉/xiao 国/國/guo 华/華/hua 志/志/zhi 建/建/jian 文/文/wen 梦/夢/meng 龙/龍/long "
    "凤/鳳/feng 云/雲/yun 鹏/鵬/peng 颖/穎/ying 佳/佳/jia 雪/雪/xue 诗/詩/shi 涵/涵/han 泽/澤/ze 瑞/瑞/rui 嘉/嘉/jia 琳/琳/lin"
)]  # fmt: skip
HOMOPHONES = {"伟": "玮", "芳": "方", "静": "晶", "丽": "莉", "强": "墙", "军": "君", "杰": "洁", "明": "铭", "晓": "小", "华": "桦",
    "志": "智", "建": "健", "文": "雯", "怡": "宜", "佳": "家", "诗": "师", "涵": "晗", "琳": "林", "欣": "新", "宇": "雨"}  # fmt: skip
# shinjitai, other shape, romaji
JA_FAMILY = [tuple(one.split("/")) for one in
    listed(
    "佐藤/佐藤/Satō 鈴木/鈴木/Suzuki 高橋/髙橋/Takahashi 田中/田中/Tanaka 伊藤/伊藤/Itō 渡辺/渡邊/Watanabe 山本/山本/Yamamoto 斎藤/齋藤/Saitō "
    "小林/小林/Kobayashi 加藤/加藤/Katō 山崎/山﨑/Yamazaki 沢田/澤田/Sawada 桜井/櫻井/Sakurai 大野/大野/Ōno 浜田/濱田/Hamada 黒沢/黒澤/Kurosawa"
)]  # fmt: skip
JA_GIVEN = [tuple(one.split("/")) for one in
    listed(
    "太郎/Tarō 花子/Hanako 健一/Ken'ichi 翔太/Shōta 美咲/Misaki 陽子/Yōko 大輔/Daisuke 拓也/Takuya 愛/Ai 直樹/Naoki 由美子/Yumiko 健太/Kenta "
    "裕子/Yūko 涼/Ryō 真理/Mari 浩二/Kōji 幸子/Sachiko 誠/Makoto 彩/Aya 和也/Kazuya"
)]  # fmt: skip
GIVEN = listed(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph "
    "Jessica Thomas Sarah Karen Charles Nancy Lisa Daniel Betty Anna Anne Sandra Mark Ashley Jörg Françoise José Zoë "
    "Søren Björn Chloë Matthew Margaret Kevin Laura Brian Emily Jürgen Inês Renée Marina Martina Stefan Stephan "
    "Christina Christine Eric Erik Katherine Catherine"
)
FAMILY = listed(
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Müller Schäfer Lefèvre Núñez Åberg "
    "O'Connor McDonald Anderson Taylor Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott "
    "Green Baker Adams Nelson Hill Campbell Mitchell Carter Roberts Weiß Øster Kowalski Novák Rossi Ferrari Becker "
    "Hoffmann Fischer"
)
STREETS = [
    "High Street",
    "Mill Lane",
    "Church Road",
    "Park Avenue",
    "Station Road",
    "Queen Street",
    "Victoria Road",
    "Garden Terrace",
    "River Drive",
]
TOWNS = [
    ("Leeds", "LS1"),
    ("York", "YO1"),
    ("Bath", "BA1"),
    ("Derby", "DE1"),
    ("Boston", "02108"),
    ("Denver", "80201"),
    ("Perth", "6000"),
]
ROADS = ["张江路", "南京路", "人民路", "中山路", "解放路", "长江路", "和平街", "建设大道"]
CITIES = [("上海市", "200000"), ("北京市", "100000"), ("广州市", "510000"), ("成都市", "610000"), ("杭州市", "310000")]
WARDS = [("渋谷区神南", "150-0041"), ("新宿区西新宿", "160-0023"), ("港区芝", "105-0014"), ("中央区銀座", "104-0061")]
TRADITIONAL = str.maketrans("张长区号栋广阳东中", "張長區號棟廣陽東中")


@dataclass(frozen=True)
class Person:
    """One record as a source writes it. `who` is the person behind it, `kind` what makes it hard, `tongue` zh, ja or en."""

    who: int
    kind: str
    tongue: str
    given: tuple[tuple[str, ...], ...]
    family: tuple[str, ...]
    name: str
    born: str
    phone: str
    email: str
    address: str
    city: str
    postcode: str

    def seen(self, number: int) -> Compared:
        home = {"zh": "CN", "ja": "JP", "en": "GB"}[self.tongue]
        return compared(number, number, self.name or None, email=self.email or None, phone=self.phone or None, born=self.born or None,
            address=self.address or None, city=self.city or None, postcode=self.postcode or None, home=home)  # fmt: skip


class Town:
    """Makes people, their second records, and those they may be taken for."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.people = 0

    def born(self) -> str:
        return (dt.date(1940, 1, 1) + dt.timedelta(self.dice.randrange(24_000))).isoformat()

    def phone(self, tongue: str) -> str:
        digits = f"{self.dice.randrange(10**8):08}"
        return {
            "zh": f"13{self.dice.randrange(10)}{digits}",
            "ja": f"090-{digits[:4]}-{digits[4:]}",
            "en": f"+44 7{digits[0]}00 {digits[1:7]}",
        }[tongue]

    def email(self, word: str) -> str:
        plain = "".join(char for char in word.lower() if char.isascii() and char.isalnum()) or "u"
        return f"{plain}{self.dice.randrange(10**5)}@{self.dice.choice(['gmail.com', 'qq.com', '163.com', 'yahoo.co.jp', 'acme.example'])}"

    def place(self, tongue: str) -> tuple[str, str, str]:
        dice = self.dice
        if tongue == "zh":
            city, code = dice.choice(CITIES)
            road = f"{city}{dice.choice(ROADS)}{dice.randrange(1, 400)}号{dice.randrange(1, 30)}栋{dice.randrange(101, 2500)}室"
            return road, city, code[:3] + f"{dice.randrange(100):02}" + "0"
        if tongue == "ja":
            ward, code = dice.choice(WARDS)
            return f"東京都{ward}{dice.randrange(1, 6)}-{dice.randrange(1, 30)}-{dice.randrange(1, 20)}", "東京都", code
        town, code = dice.choice(TOWNS)
        return f"{dice.randrange(1, 300)} {dice.choice(STREETS)}", town, code

    def names(self, tongue: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
        dice = self.dice
        if tongue == "zh":
            return tuple(dice.choice(ZH_GIVEN) for _ in range(1 if dice.random() < 0.15 else 2)), dice.choice(ZH_FAMILY)
        if tongue == "ja":
            return (dice.choice(JA_GIVEN),), dice.choice(JA_FAMILY)
        return ((dice.choice(GIVEN),),), (dice.choice(FAMILY),)

    def person(self, tongue: str, kind: str) -> Person:
        given, family = self.names(tongue)
        self.people += 1
        made = Person(self.people, kind, tongue, given, family, "", self.born(), self.phone(tongue), "", *self.place(tongue))
        made = replace(made, name=written(made), email=self.email(latin(made)))
        dice = self.dice
        return replace(
            made,
            born=made.born if dice.random() < 0.75 else "",
            phone=made.phone if dice.random() < 0.85 else "",
            address=made.address if dice.random() < 0.7 else "",
            email=made.email if dice.random() < 0.7 else "",
        )

    def known(self, tongue: str, kind: str) -> Person:
        """A person of whom at least phone or e-mail is known."""
        while not ((one := self.person(tongue, kind)).phone or one.email):
            pass
        return one

    def slip(self, text: str) -> str:
        """One typing error: a letter or digit left out, doubled, exchanged with its neighbour, or another one."""
        places = [at for at, char in enumerate(text) if char.isalnum() and at > 0]
        if len(places) < 3:
            return text
        at, dice = self.dice.choice(places[:-1]), self.dice
        other = str(dice.randrange(10)) if text[at].isdigit() else dice.choice("abcdefghijklmnopqrstuvwxyz")
        kinds = [text[:at] + other + text[at + 1 :], text[:at] + text[at + 1] + text[at] + text[at + 2 :]]
        kinds += [] if text[at].isdigit() else [text[:at] + text[at + 1 :], text[:at] + text[at] + text[at:]]
        return dice.choice(kinds)


def written(one: Person, form: int = 0) -> str:
    """The name as the tongue writes it: form 0 simplified or shinjitai, 1 traditional or old shapes."""
    if one.tongue == "en":
        return f"{one.given[0][0]} {one.family[0]}"
    if one.tongue == "ja":
        return f"{one.family[form]}{'' if one.who % 2 else ' '}{one.given[0][0]}"
    return one.family[form] + "".join(part[form] for part in one.given)


def latin(one: Person, *, western: bool = False) -> str:
    """The name in Latin letters, family first unless western."""
    given = "".join(part[-1] for part in one.given).capitalize() if one.tongue == "zh" else one.given[0][-1]
    return f"{given} {one.family[-1]}" if western else f"{one.family[-1]} {given}"


# Second records of the same person.
def mistyped(town: Town, one: Person) -> Person:
    field = town.dice.choice(["name", "born", "phone", "email", "address"])
    changed = replace(one, **{field: town.slip(getattr(one, field))})
    return replace(changed, address=town.slip(changed.address)) if town.dice.random() < 0.4 else changed


def traditional(_town: Town, one: Person) -> Person:
    return replace(one, name=written(one, 1), address=one.address.translate(TRADITIONAL), born="")


def in_pinyin(town: Town, one: Person) -> Person:
    return replace(one, name=latin(one, western=town.dice.random() < 0.5), address="")


def homophone(_town: Town, one: Person) -> Person:
    name = written(one)
    place = next((at for at in range(len(name) - 1, 0, -1) if name[at] in HOMOPHONES), None)
    return one if place is None else replace(one, name=name[:place] + HOMOPHONES[name[place]] + name[place + 1 :])


def old_shapes(_town: Town, one: Person) -> Person:
    return replace(
        one,
        name=written(one, 1),
        address=one.address.replace("-", "丁目", 1).replace("-", "番", 1) + ("号" if one.address else ""),
    )


def romaji(town: Town, one: Person) -> Person:
    """The same romaji name in other order and spelling, against a record already in romaji."""
    plain = latin(one, western=True).replace("ō", "ou").replace("ū", "u").replace("Ō", "O").replace("'", "")
    return replace(one, name=plain.upper() if town.dice.random() < 0.3 else plain, born="")


def titled(town: Town, one: Person) -> Person:
    given, family = one.given[0][0], one.family[0]
    style = town.dice.randrange(4)
    name = [f"Mr. {given} {family}", f"{family}, {given}", f"{family.upper()} {given}", f"{given} X. {family}"][style]
    return replace(one, name=name, email=one.email.upper())


def moved(town: Town, one: Person) -> Person:
    address, city, postcode = town.place(one.tongue)
    changed = replace(one, address=address, city=city, postcode=postcode)
    return replace(changed, phone=town.phone(one.tongue)) if one.email else changed


def sparse(_town: Town, one: Person) -> Person:
    return replace(one, born="", address="", city="", postcode="", **({"phone": ""} if one.email else {}))


def married(town: Town, one: Person) -> Person:
    return replace(one, name=f"{one.given[0][0]} {town.names('en')[1][0]}", born=one.born or "1980-01-09")


SAME: dict[str, tuple[str, Callable[[Town, Person], Person]]] = {
    "typing error zh": ("zh", mistyped), "typing error ja": ("ja", mistyped), "typing error en": ("en", mistyped),
    "traditional and simplified": ("zh", traditional), "pinyin": ("zh", in_pinyin), "homophone": ("zh", homophone),
    "old and new shapes ja": ("ja", old_shapes), "romaji": ("ja", romaji), "titles and order en": ("en", titled),
    "moved zh": ("zh", moved), "moved en": ("en", moved), "few fields zh": ("zh", sparse), "few fields en": ("en", sparse),
}  # fmt: skip


# Other people who look alike.
def twin(town: Town, one: Person) -> Person:
    given = one.given
    while given == one.given or (one.tongue == "zh" and latin(replace(one, given=given)) == latin(one)):
        given = town.names(one.tongue)[0]
        if one.tongue == "zh" and len(given) == len(one.given) == 2:
            given = (one.given[0], given[1])  # Chinese twins often share the first character
    other = replace(one, given=given)
    return replace(other, name=written(other), email=town.email(latin(other)) if one.email else "")


def relative(town: Town, one: Person) -> Person:
    """A member of the family with the same phone, or with the same e-mail where there is no phone."""
    return replace(twin(town, one), born=town.born(), email=one.email if not one.phone else "")


def stranger(town: Town, one: Person) -> Person:
    """The same name, and somebody else in the same city."""
    address, _, _ = town.place(one.tongue)
    return replace(
        one, born=town.born() if one.born else "", phone=town.phone(one.tongue), email=town.email(latin(one)), address=address
    )


def same_day(town: Town, one: Person) -> Person:
    """A namesake born on the same day."""
    address, city, postcode = town.place(one.tongue)
    return replace(stranger(town, one), born=one.born, address=address, city=city, postcode=postcode)


def parent(town: Town, one: Person) -> Person:
    """Father and son of one name in one house."""
    year = str(int(one.born[:4]) - 27)
    return replace(one, born=year + one.born[4:5] + f"{town.dice.randrange(1, 13):02}-{town.dice.randrange(1, 29):02}", email="")


OTHERS: dict[str, Callable[[Town, Person], Person]] = {
    "twins": twin, "family on one phone": relative, "same-name strangers": stranger, "namesakes born on one day": same_day,
    "father and son": parent,
}  # fmt: skip


def people(seed: int, each: int = 60) -> list[Person]:
    """Records in random order: `each` pairs of one person and `each` pairs of two people per kind, and as many alone."""
    town = Town(seed)
    found: list[Person] = []
    for kind, (tongue, second) in SAME.items():
        for _ in range(each):
            one = town.known(tongue, kind)
            one = replace(one, name=latin(one)) if kind == "romaji" else one
            found += [one, replace(second(town, one), kind=kind)]
    for kind, other in OTHERS.items():
        for number in range(each):
            one = town.known(("zh", "ja", "en")[number % 3], kind)
            one = replace(one, born=one.born or town.born())
            town.people += 1
            found += [one, replace(other(town, one), who=town.people, kind=kind)]
    found += [town.person(tongue, "alone") for tongue in ("zh", "ja", "en") for _ in range(each * 4)]
    town.dice.shuffle(found)
    return found
