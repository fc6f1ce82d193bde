"""E-mail addresses, phone numbers and birth days in compared form."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from kith_platform.duplicates.wordlist import listed

FREE_MAIL = frozenset(
    listed(
        "gmail.com yahoo.com hotmail.com outlook.com live.com msn.com icloud.com me.com aol.com gmx.de gmx.net web.de "
        "t-online.de mail.com proton.me protonmail.com yandex.ru mail.ru qq.com foxmail.com 163.com 126.com yeah.net "
        "sina.com sina.cn sohu.com 139.com 189.cn aliyun.com tom.com hotmail.co.jp yahoo.co.jp docomo.ne.jp ezweb.ne.jp "
        "softbank.ne.jp naver.com hanmail.net yahoo.com.tw yahoo.com.hk pchome.com.tw orange.fr free.fr wanadoo.fr "
        "libero.it bigpond.com comcast.net verizon.net"
    )
)
# Boxes that several people read: they name an office, not a person.
_OFFICES = frozenset(
    listed(
        "info sales admin office contact support service noreply no-reply hello mail marketing hr jobs billing accounts "
        "accounting enquiries enquiry help team webmaster postmaster root test shop order orders reception purchasing kefu"
    )
)
_SAME_PROVIDER = {"googlemail.com": "gmail.com", "vip.qq.com": "qq.com"}


@lru_cache(maxsize=65_536)
def email(text: str | None) -> str:
    """Lower case, without a tag after `+`; dots say nothing at Gmail. Empty where it is no address."""
    plain = unicodedata.normalize("NFKC", text or "").strip().strip("<>").lower()
    plain = plain.removeprefix("mailto:")
    local, _, domain = plain.rpartition("@")
    domain = _SAME_PROVIDER.get(domain, domain).rstrip(".")
    local = local.partition("+")[0]
    if not local or "." not in domain or " " in plain or "@" in local:
        return ""
    if domain == "gmail.com":
        local = local.replace(".", "")
    return f"{local}@{domain}"


def is_office(address: str) -> bool:
    """Whether several people read this normalised address."""
    return address.partition("@")[0] in _OFFICES


@lru_cache(maxsize=65_536)
def phone(text: str | None, region: str = "") -> str:
    """Digits with the country code; `region` (ISO 3166) is where numbers without one belong. Empty where it is no number."""
    plain = unicodedata.normalize("NFKC", text or "").strip()
    digits = re.sub(r"\D", "", plain)
    if len(digits) < 6 or len(set(digits)) <= 2 or digits in "01234567890123456789":
        return ""
    mobile = re.fullmatch(r"(?:0086|86)?(1[3-9]\d{9})", digits)
    if mobile and (region in ("CN", "") or len(digits) > 11):
        return "86" + mobile[1]
    if plain.startswith("+") and "(0)" not in plain and 8 <= len(digits) <= 15:
        return digits  # country code and number, as they stand
    import phonenumbers

    if digits.startswith("00") and not plain.startswith("+"):
        plain = "+" + digits[2:]
    try:
        number = phonenumbers.parse(plain, region or None)
    except phonenumbers.NumberParseException:
        return digits.lstrip("0")
    if not phonenumbers.is_possible_number(number):
        return digits.lstrip("0")
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}"


@lru_cache(maxsize=65_536)
def birth(text: str | None, year: int | None = None) -> str:
    """Eight digits of a day, four where only the year is known, else empty. Wrong days stay: they may be typing errors.

    A date whose year stands last is read with the day first unless that cannot be.
    """
    plain = unicodedata.normalize("NFKC", text or "").strip().partition(" ")[0].partition("T")[0]
    parts = re.findall(r"\d+", plain)
    if len(parts) == 1 and len(parts[0]) == 8:
        found = parts[0]
    elif len(parts) == 3 and len(parts[0]) == 4:
        found = f"{parts[0]}{parts[1]:0>2}{parts[2]:0>2}"
    elif len(parts) == 3 and len(parts[2]) == 4:
        day, month = (parts[1], parts[0]) if int(parts[1]) > 12 else (parts[0], parts[1])
        found = f"{parts[2]}{month:0>2}{day:0>2}"
    elif len(parts) == 1 and len(parts[0]) == 4:
        found = parts[0]
    else:
        found = str(year or "")
    placeholder = found in ("19000101", "19700101", "00000000", "18991230", "19010101", "99991231")
    return "" if placeholder or len(found) not in (4, 8) else found
