"""A first word on what a column is, from its name and a sample of its values: label, kind, whether it changes, whether it is
sensitive. People correct it."""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from kith_platform.attributes.kinds import (
    BOOLEAN,
    CHOICE,
    CHOICES,
    CURRENT,
    DATE,
    FIXED,
    KEY,
    LABEL,
    NUMBER,
    TEXT,
    Column,
    Definition,
)
from kith_platform.attributes.kinds import CHOICE_LENGTH as LONGEST
from kith_platform.duplicates.han import has_han, pinyin
from kith_platform.imports.formats import Format, decide, present
from kith_platform.imports.parsing import NO, YES, parse
from kith_platform.imports.words import words
from kith_platform.sdk.facts import Kind

NEARLY_ALL = 0.95
SEVERAL = 3  # times that a choice occurs on average, at least
FEW = 20  # different values that still look like a list
_DATE_SHAPE = r"^(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4})"
_CODE = r"^(?:0\d+|\d{12,})$"  # numbers that are names: leading zeros, account numbers
# Words by which a column tells that it does not change, or that it is nobody's business. Matched in `words(header)`.
_FIXED = re.compile(
    r"(?:^|_)(?:birth|born|dob|first|joined|signup|registered|acquisition|acquired|nationality|gender|sex|origin|zodiac)(?:_|$)"
    r"|出生|生日|籍贯|民族|首次|注册|来源|性别|血型|星座"
)
_SENSITIVE = re.compile(
    r"(?:^|_)(?:health|medical|diagnosis|disease|illness|allerg(?:y|ies)|disabilit(?:y|ies)|disabled|pregnan(?:t|cy)|blood|"
    r"religion|religious|faith|ethnic(?:ity)?|race|political|party|union|sexual|orientation|biometric|fingerprint|criminal|"
    r"passport|ssn|social_security|national_id|id_card|identity_card|id_number|iban|bank|account_number|credit_card|card_number|"
    r"salary|income|wage|credit_score|location|gps|latitude|longitude|minor|child(?:ren)?)(?:_|$)"
    r"|健康|病|医疗|过敏|残疾|怀孕|血型|宗教|信仰|民族|种族|政治|党派|性取向|指纹|生物识别|犯罪|护照|身份证|证件号|银行|账号|卡号|"
    r"工资|收入|征信|行踪|位置|未成年|儿童"
)


def guess(
    name: str,
    texts: pl.Series,
    source: str,
    taken: Collection[str],
    *,
    label: str = "",
    language: str = "en",
    zone: str = "UTC",
) -> Definition:
    """The attribute that the column `name` of a source would be. `texts`: a sample; `taken`: keys that are in use."""
    kind, form, choices = _kind(name, texts, language, zone)
    plain = words(name)
    label = ((label or name).strip() or "?")[:LABEL]
    column = Column(source, name, form)
    return Definition(
        key_of(label, taken),
        label,
        kind,
        FIXED if _FIXED.search(plain) else CURRENT,
        sensitive := bool(_SENSITIVE.search(plain)),
        not sensitive,
        choices,
        (column,),
    )


def format_of(name: str, texts: pl.Series, kind: str, *, language: str = "en", zone: str = "UTC") -> Format:
    """How a column writes values of an attribute's kind."""
    of = {NUMBER: Kind.NUMBER, DATE: Kind.DATE}.get(kind)
    return decide(texts, of, name=name, language=language, zone=zone).format if of else Format()


def key_of(label: str, taken: Collection[str]) -> str:
    """A key nobody else has, made of the label's words; Han characters by their pinyin."""
    spelled = "_".join(pinyin(part) if has_han(part) else part for part in words(label).split("_"))
    key = re.sub(r"[^a-z0-9]+", "_", spelled.lower()).strip("_")[:36].rstrip("_")
    key = key if KEY.fullmatch(key) else f"a_{key}".rstrip("_")
    number = 1
    found = key
    while found in taken:
        number += 1
        found = f"{key}_{number}"
    return found


def _kind(name: str, texts: pl.Series, language: str, zone: str) -> tuple[str, Format, tuple[str, ...]]:
    values = present(texts)
    if not values.len():
        return TEXT, Format(), ()
    folded = values.str.to_lowercase()
    if folded.is_in([*YES, *NO]).all() and folded.n_unique() == 2:
        return BOOLEAN, Format(), ()
    for kind, of, fits in (
        (DATE, Kind.DATE, values.str.contains(_DATE_SHAPE).mean() or 0.0),
        (NUMBER, Kind.NUMBER, 0.0 if values.str.contains(_CODE).any() else 1.0),
    ):
        form = decide(values, of, name=name, language=language, zone=zone).format
        wrong = int(parse(values, of, form, zone=zone).wrong.is_not_null().sum()) / values.len()
        if float(fits) >= NEARLY_ALL and 1 - wrong >= NEARLY_ALL:  # type: ignore[arg-type]
            return kind, form, ()
    return _choice(values)


def _choice(values: pl.Series) -> tuple[str, Format, tuple[str, ...]]:
    """A list where few values recur; spelled as each is spelled most often, the commonest first."""
    counts = values.value_counts(sort=True)
    spelled: dict[str, str] = {}
    for text in counts.to_series(0).to_list():
        spelled.setdefault(text.lower(), text)
    few = len(spelled) <= min(FEW, CHOICES) and values.len() >= SEVERAL * len(spelled) and max(map(len, spelled)) <= LONGEST
    return (CHOICE, Format(), tuple(spelled.values())) if few else (TEXT, Format(), ())
