"""Languages outside Flask: marking strings, translating them, and writing numbers, money and times as people read them.

Web code uses flask_babel's gettext; everything else marks with `mark` and translates at the edge with `translate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.core import UnknownLocaleError
from babel.support import NullTranslations, Translations

Number = int | float | Decimal

LANGUAGES: Mapping[str, str] = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
DEFAULT_LANGUAGE = "en"
TRANSLATIONS = Path(__file__).parent / "web" / "translations"
_TRADITIONAL = {"TW", "HK", "MO"}


def mark(message: str) -> str:
    """Mark an English string for translation and return it unchanged (gettext's N_)."""
    return message


N_ = mark


@dataclass(frozen=True)
class _Plural:
    many: str
    by: str


_PLURALS: dict[str, _Plural] = {}


def mark_plural(one: str, many: str, by: str = "count") -> str:
    """Mark a message whose English has two forms, by its parameter `by`; returns `one`, under which it is kept and translated.

    `form` chooses when the number is known. Chinese has one form; a language with more needs gettext's own rule there.
    """
    _PLURALS[one] = _Plural(many, by)
    return one


def form(message: str, params: Mapping[str, object]) -> str:
    """The form of a message that fits its number: English's second one unless the number is one.

    >>> form(mark_plural("%(count)s day", "%(count)s days"), {"count": 2})
    '%(count)s days'
    """
    found = _PLURALS.get(message)
    return found.many if found is not None and str(params.get(found.by)) not in ("1", "1.0") else message


def language_of(tag: str | None) -> str | None:
    """The language of ours for a tag such as `zh-CN`, `zh-TW`, `zh_Hant_HK`, `en-GB`; None where we have none.

    >>> language_of("zh-HK"), language_of("zh"), language_of("de")
    ('zh_Hant', 'zh_Hans', None)
    """
    if not tag:
        return None
    try:
        locale = Locale.parse(tag.strip().replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return None
    if locale.language == "zh":
        traditional = locale.script == "Hant" or (locale.script is None and locale.territory in _TRADITIONAL)
        return "zh_Hant" if traditional else "zh_Hans"
    return "en" if locale.language == "en" else None


def html_language(language: str) -> str:
    """The value of an HTML `lang` attribute: zh-Hans, zh-Hant, en."""
    return language.replace("_", "-")


@lru_cache
def catalogue(language: str) -> NullTranslations:
    """The compiled catalogue of one language; an empty one for English or before `make` has compiled them."""
    return Translations.load(TRANSLATIONS, [language], "messages")


def translate(message: str, language: str, **params: object) -> str:
    """Say a marked message in a language, outside Flask (jobs, reasons, mails, CLI)."""
    text = str(catalogue(language).ugettext(message)) if message else ""
    return form(text, params) % params if params else text


def number(value: Number, language: str, *, digits: int | None = None) -> str:
    """Grouped digits, at most two decimals unless `digits` fixes them: 1,234.5."""
    return _written(value, "#,##0.##" if digits is None else _digits(digits), language)


# A page writes hundreds of numbers, and Babel would read pattern and language anew for each.
_pattern = lru_cache(numbers.parse_pattern)
_locale = lru_cache(Locale.parse)


def _digits(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


def _written(value: Number, pattern: str, language: str) -> str:
    return str(_pattern(pattern).apply(value, _locale(language)))


@lru_cache
def _sign(currency: str, language: str) -> str:
    """A currency's sign, with a space after one that ends in a letter."""
    sign = numbers.get_currency_symbol(currency, locale=language)
    return f"{sign}\u00a0" if sign[-1].isalpha() else sign


def compact(value: Number, language: str, *, digits: int = 1) -> str:
    """Short for cards and axes: 12.3K, 1.2M; 1.2万, 3.4亿 in Chinese."""
    # Babel writes every decimal of a number below its first unit (1K, 1万): ¥7445.3356417.
    exact = float(value)
    near = round(exact, digits if abs(exact) < 100 else 0)
    return numbers.format_compact_decimal(near, locale=_locale(language), fraction_digits=digits)


def money(value: Number, currency: str, language: str, *, short: bool = False, whole: bool = False) -> str:
    """Money with its currency's sign; a sign of letters stands apart (SGD 12.50). `short`: 1.2万; `whole`: without cents."""
    sign = _sign(currency, language)
    size: Number = -value if value < 0 else value
    if short:
        body = compact(size, language)
    else:
        digits = 0 if whole else numbers.get_currency_precision(currency)
        body = _written(size, _digits(digits), language)
    return f"{'-' if value < 0 else ''}{sign}{body}"


def percent(value: Number, language: str, *, digits: int = 1) -> str:
    """A share (0.123) as per cent: 12.3%."""
    return _written(value, f"{_digits(digits)}%", language)


def day(value: date, language: str, *, style: str = "medium") -> str:
    """A calendar day as written; no zone is applied. `style`: short, medium, long, or month (October 2026, 2026年10月)."""
    if style == "month":
        return dates.format_skeleton("yMMMM", value, locale=_locale(language))
    return dates.format_date(value, format=style, locale=_locale(language))


def moment(value: datetime, language: str, zone: str, *, style: str = "medium") -> str:
    """An instant (aware) in the company's zone. Raises ValueError for a naive time."""
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    local = value.astimezone(ZoneInfo(zone))
    locale = _locale(language)
    return f"{dates.format_date(local, format=style, locale=locale)} {dates.format_time(local, 'short', locale=locale)}"


def ago(value: datetime, now: datetime, language: str) -> str:
    """How long before (or after) `now`: 3 hours ago, 3小时前."""
    return dates.format_timedelta(value - now, add_direction=True, locale=_locale(language), threshold=0.9)


def duration(value: timedelta | float, language: str) -> str:
    """A length of time in its largest unit: 4 minutes. A number means seconds."""
    span = value if isinstance(value, timedelta) else timedelta(seconds=value)
    return dates.format_timedelta(span, locale=_locale(language), threshold=1.5)
