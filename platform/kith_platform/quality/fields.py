"""The fields of a customer's record: when one counts as filled, when as valid, and in which form two sources are compared.

Everything is an Ibis expression over `Tables.records`, so that a million records are one scan.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kith_platform.i18n import N_

if TYPE_CHECKING:
    import pyarrow as pa

# What people write where they know nothing (domain B2 1a: "unknown", "N/A" and "-" count as empty).
EMPTY = (
    *("", "unknown", "unspecified", "not specified", "n/a", "#n/a", "na", "n.a.", "none", "null", "nil", "nan", "-", "--", "---"),
    *(
        "—",
        ".",
        "?",
        "??",
        "???",
        "x",
        "xx",
        "xxx",
        "tbd",
        "to be confirmed",
        "not available",
        "未知",
        "不详",
        "不詳",
        "无",
        "無",
    ),
    *("暂无", "暫無", "没有", "沒有", "不明", "空", "待补", "待補"),
)
FIRST_YEAR = 1900
PHONE_DIGITS = (7, 15)  # ITU-T E.164: at most 15
_PHONE_FILLERS = ("1234567", "12345678", "123456789", "1234567890", "0123456789")
_LETTER = r"\p{L}"
_ADDRESS = r"^[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>().0-9]{2,}$"
_POSTCODE = r"^[A-Za-z0-9][A-Za-z0-9 \-]{1,10}$"
_LANGUAGE = r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$"
_GENDERS: Mapping[str, str] = {
    **dict.fromkeys(("m", "male", "man", "mr", "男", "男性", "先生"), "m"),
    **dict.fromkeys(("f", "w", "female", "woman", "ms", "mrs", "女", "女性", "女士", "小姐"), "f"),
    **dict.fromkeys(("d", "x", "diverse", "other", "non-binary", "nonbinary", "其他"), "x"),
}
# What files say beside the names that Unicode's list of territories has.
_COUNTRIES: Mapping[str, str] = {
    **dict.fromkeys(("uk", "great britain", "england", "scotland", "wales", "northern ireland"), "GB"),
    **dict.fromkeys(("usa", "us", "u.s.a.", "united states of america", "america", "美国", "美國"), "US"),
    **dict.fromkeys(("中华人民共和国", "中國大陸", "中国大陆", "prc", "mainland china"), "CN"),
    "eire": "IE",
    "rsa": "ZA",
    "holland": "NL",
    "czech republic": "CZ",
    "south korea": "KR",
    "korea": "KR",
    "russia": "RU",
    "channel islands": "JE",
    "uae": "AE",
    "turkey": "TR",
    "ivory coast": "CI",
    "viet nam": "VN",
    "台灣": "TW",
    "台湾": "TW",
}

Check = Callable[[ir.Table, dt.date], ir.BooleanValue]


@dataclass(frozen=True)
class Field:
    """One field. `valid` is asked of filled values only. `same` gives the form in which two sources' values are compared;
    None where they may differ in good faith (a name, an address, the day a customer registered).
    """

    name: str
    label: str
    valid: Check | None = None
    same: Callable[[ir.Table], ir.Value] | None = None


def text(rows: ir.Table, name: str) -> ir.StringValue:
    """The trimmed value, null where it says nothing. Namibia's code is a country, not "n/a"."""
    value = rows[name].strip()
    words = tuple(word for word in EMPTY if name != "country" or word != "na")
    said: ir.StringValue = ibis.ifelse(value.lower().isin(words), ibis.null("string"), value)
    return said


def filled(rows: ir.Table) -> ir.Table:
    """Records with every field of FIELDS as text or value, null where it is not filled, and the country's code of two letters,
    null where nobody knows the country. A name may come in parts.
    """
    parts = ibis.coalesce(text(rows, "name"), text(rows, "family_name"), text(rows, "given_name"))
    values: dict[str, ir.Value] = {
        name: rows[name] if name in ("birth_year", "since") else text(rows, name) for name in FIELDS if name != "name"
    }
    said = rows.select("record_id", "source", "customer_id", "known_at", "verified_at", name=parts, **values)
    known = ibis.memtable(countries())
    return said.left_join(known, said.country.lower() == known.word).drop("word")


def digits(value: ir.StringValue) -> ir.StringValue:
    """A phone number's digits."""
    found: ir.StringValue = value.re_replace(r"[^0-9]", "")
    return found


def email_form(value: ir.StringValue) -> ir.StringValue:
    found: ir.StringValue = value.lower()
    return found


@cache
def countries() -> pa.Table:
    """word, code: names (English and both Chinese forms) and codes of countries, lower case, and their code of two letters."""
    import pyarrow as pa
    from babel import Locale

    found: dict[str, str] = {}
    for language in ("en", "zh_Hans", "zh_Hant"):
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha():
                found.setdefault(name.lower(), code)
                found.setdefault(code.lower(), code)
    found |= _COUNTRIES
    return pa.table({"word": list(found), "code": list(found.values())})


def _gender_code(rows: ir.Table) -> ir.Value:
    by_code = {code: tuple(word for word, one in _GENDERS.items() if one == code) for code in ("m", "f", "x")}
    said = rows.gender.lower()
    return ibis.cases(*((said.isin(words), code) for code, words in by_code.items()), else_=ibis.null("string"))


def _name(rows: ir.Table, _day: dt.date) -> ir.BooleanValue:
    return rows.name.re_search(_LETTER) & ~rows.name.contains("@") & ~rows.name.lower().isin(("test", "asdf", "qwerty", "abc"))


def _email(rows: ir.Table, _day: dt.date) -> ir.BooleanValue:
    return rows.email.re_search(_ADDRESS) & ~rows.email.contains("..") & (rows.email.length() <= 254)


def _phone(rows: ir.Table, _day: dt.date) -> ir.BooleanValue:
    said = digits(rows.phone)
    low, high = PHONE_DIGITS
    one_digit = said.replace(said.substr(0, 1), "").length() == 0
    return said.length().between(low, high) & ~one_digit & said.notin(_PHONE_FILLERS) & rows.phone.re_search(r"^[^\p{L}@]*$")


def _birth_year(rows: ir.Table, day: dt.date) -> ir.BooleanValue:
    return rows.birth_year.between(FIRST_YEAR, day.year)


def _since(rows: ir.Table, day: dt.date) -> ir.BooleanValue:
    return rows.since.between(ibis.literal(dt.date(FIRST_YEAR, 1, 1)), ibis.literal(day))


def _gender(rows: ir.Table, _day: dt.date) -> ir.BooleanValue:
    return rows.gender.lower().isin(tuple(_GENDERS))


def _place(name: str) -> Check:
    def valid(rows: ir.Table, _day: dt.date) -> ir.BooleanValue:
        return rows[name].re_search(_LETTER) & ~rows[name].contains("@")

    return valid


def _postcode(rows: ir.Table, _day: dt.date) -> ir.BooleanValue:
    return rows.postcode.re_search(_POSTCODE) & rows.postcode.re_search("[0-9]")


def _country(rows: ir.Table, _day: dt.date) -> ir.BooleanValue:
    return rows.code.notnull()


def _language(rows: ir.Table, _day: dt.date) -> ir.BooleanValue:
    return rows.language.re_search(_LANGUAGE) | rows.language.re_search(r"^\p{L}{4,}")


FIELDS: Mapping[str, Field] = {
    one.name: one
    for one in (
        Field("name", N_("Name"), _name),
        Field("email", N_("E-mail"), _email, lambda rows: email_form(rows.email)),
        Field("phone", N_("Phone"), _phone, lambda rows: digits(rows.phone).right(8)),
        Field("birth_year", N_("Birth year"), _birth_year, lambda rows: rows.birth_year.cast("string")),
        Field("gender", N_("Gender"), _gender, _gender_code),
        Field("address", N_("Address"), _place("address")),
        Field("city", N_("City"), _place("city"), lambda rows: rows.city.lower()),
        Field("region", N_("Region"), _place("region")),
        Field("postcode", N_("Postcode"), _postcode, lambda rows: rows.postcode.lower().re_replace(r"[ \-]", "")),
        Field("country", N_("Country"), _country, lambda rows: rows.code),
        Field("language", N_("Language"), _language),
        Field("since", N_("Customer since"), _since),
        Field("entry_channel", N_("Came through")),
    )
}
REQUIRED = ("name", "email", "phone", "country")  # until a company chooses its own
