"""From columns of text to typed columns, whole columns at a time. What cannot be read is marked with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from kith_platform.imports.formats import AFTER, MISSING, NUMERIC, TIME_OF_DAY, Format
from kith_platform.imports.problems import reason
from kith_platform.sdk.facts import Kind

DECIMAL = pl.Decimal(19, 4)
RATE = pl.Decimal(20, 10)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
YES = ("true", "t", "yes", "y", "1", "1.0", "on", "x", "是", "对", "對", "有", "真", "√", "✓", "✔")
NO = ("false", "f", "no", "n", "0", "0.0", "off", "否", "不", "不是", "错", "錯", "没有", "沒有", "无", "無", "假", "×")
_CURRENCIES = "USD|EUR|GBP|CNY|RMB|HKD|TWD|NTD|JPY|KRW|SGD|AUD|NZD|CAD|CHF|INR|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|THB|MYR|VND"
_MONEY = rf"(?i)(?:NT|HK|US|AU|CA|NZ|SG|A|C|S|R)?\p{{Sc}}|\b(?:{_CURRENCIES})\b|元$|圆$|圓$|块$|[\s'’]"
_YMD = rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){TIME_OF_DAY}$"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}):?(\d{2}):?(\d{2})?)?$"
_WORDS = rf"^(\d{{1,2}})(?:st|nd|rd|th)?[-\s.]+([A-Za-z]{{3,9}})\.?[-\s,]+(\d{{4}}|\d{{2}}){TIME_OF_DAY}$"
_WORDS_US = rf"^([A-Za-z]{{3,9}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){TIME_OF_DAY}$"
_WRONG = {
    Kind.INTEGER: "not_whole",
    Kind.NUMBER: "not_number",
    Kind.MONEY: "not_number",
    Kind.RATE: "not_number",
    Kind.BOOLEAN: "not_boolean",
    Kind.DATE: "not_date",
    Kind.TIME: "not_date",
}


@dataclass(frozen=True)
class Parsed:
    """A column read. `values`: Int64, Decimal(19,4), Decimal(20,10), Boolean, Date, Datetime in UTC, Duration, or String; null
    where the cell says nothing or cannot be read. `wrong` (String): null, or the key of `problems.CELL` why it cannot be read.
    `day_only` (Boolean, times only): the cell names a day without a time; its value is that day's midnight in the zone."""

    values: pl.Series
    wrong: pl.Series
    texts: pl.Series
    day_only: pl.Series | None = None
    choices: tuple[str, ...] = ()

    def failures(self) -> Iterator[tuple[int, str, dict[str, object]]]:
        """(row, key of `problems.CELL`, parameters of its sentence) of every cell that cannot be read."""
        for row in self.wrong.is_not_null().arg_true().to_list():
            params: dict[str, object] = {"value": str(self.texts[row])[:80]}
            if self.choices:
                params["choices"] = ", ".join(self.choices)
            yield row, self.wrong[row], params

    def reasons(self) -> dict[int, str]:
        """Row → English sentence."""
        return {row: reason(code, params) for row, code, params in self.failures()}


def parse(
    texts: pl.Series, kind: Kind, form: Format | None = None, *, zone: str = "UTC", choices: tuple[str, ...] = ()
) -> Parsed:
    """A column of text (String) as `kind`, by the column's format. Times without an offset are of the IANA `zone`.

    Text is kept as it is but for blanks around it; references are external ids, text without an id's usual damage.
    """
    form = form or Format()
    clean = texts.str.strip_chars()
    if kind is Kind.TEXT:
        return _text(texts, clean, form, choices)
    clean = clean.set(clean.str.to_lowercase().is_in(MISSING), None)
    if kind is Kind.REFERENCE:
        return identifier(texts, form)
    if kind is Kind.TIME and form.order in AFTER:
        return _lengths(texts, _plain(clean), form)
    if kind in (Kind.DATE, Kind.TIME):
        return _moments(texts, _plain(clean), kind, form, zone)
    if kind is Kind.BOOLEAN:
        lower = clean.str.to_lowercase()
        answer = pl.select(pl.when(lower.is_in(YES)).then(True).when(lower.is_in(NO)).then(False)).to_series()
        return _parsed(texts, clean, answer, kind)
    return _parsed(texts, clean, *_number(_plain(clean), kind, form))


def identifier(texts: pl.Series, form: Format | None = None) -> Parsed:
    """External ids: text, stripped; null where missing; 17850.0 as 17850 where the format says so."""
    clean = texts.str.strip_chars()
    clean = clean.set(clean.str.to_lowercase().is_in(MISSING), None)
    if form and form.id_float:
        clean = clean.str.replace(r"^([1-9]\d*)\.0+$", "$1")
    return Parsed(clean, pl.Series([None] * texts.len(), dtype=pl.String), texts)


def _text(texts: pl.Series, clean: pl.Series, form: Format, choices: tuple[str, ...]) -> Parsed:
    clean = clean.set(clean == "", None)
    if form.values:
        clean = clean.replace(dict(form.values))
    if not choices:
        return Parsed(clean, pl.Series([None] * texts.len(), dtype=pl.String), texts)
    clean = clean.set(clean.str.to_lowercase().is_in(MISSING), None)
    folded = clean.str.to_lowercase().str.replace_all(r"[\s-]+", "_")
    values = folded.replace_strict({choice.lower(): choice for choice in choices}, default=None, return_dtype=pl.String)
    wrong = pl.select(pl.when(clean.is_not_null() & values.is_null()).then(pl.lit("not_choice"))).to_series()
    return Parsed(values, wrong, texts, choices=choices)


def _parsed(texts: pl.Series, clean: pl.Series, values: pl.Series, kind: Kind, wrong: str | None = None) -> Parsed:
    failed = clean.is_not_null() & values.is_null()
    return Parsed(values, pl.select(pl.when(failed).then(pl.lit(wrong or _WRONG[kind]))).to_series(), texts)


def _plain(clean: pl.Series) -> pl.Series:
    """Full-width digits and signs as ASCII ones; Chinese words of dates as signs."""
    if not clean.str.contains(r"[^\x00-\x7F]").any():
        return clean
    clean = clean.str.normalize("NFKC").str.replace_all("[−–]", "-").str.replace_all("[年月]", "-").str.replace_all("日|号", " ")
    return clean.str.replace_all("[时時点點分]", ":").str.replace_all(r"秒|:$", "").str.strip_chars()


def _number(clean: pl.Series, kind: Kind, form: Format) -> tuple[pl.Series, Kind]:
    """12, -1.234,50 €, (1,234.50), 12.5-, 50 %, 1.5e3. Thousands must stand in groups, so that 1,5 is never read as 15."""
    wide = RATE if kind is Kind.RATE else DECIMAL
    if form.decimal == "." and clean.str.contains(r"^-?\d+(?:\.\d+)?$").all():
        return _whole(clean.cast(wide, strict=False), kind), kind
    text = clean.str.replace_all(_MONEY, "")
    percent = text.str.ends_with("%")
    text = text.str.strip_chars_end("%")
    brackets = text.str.starts_with("(") & text.str.ends_with(")")
    behind = text.str.ends_with("-")
    text = text.str.replace_all(r"[()]", "").str.strip_chars_end("-")
    thousands = r"\." if form.decimal == "," else ","
    grouped = text.str.contains(rf"^[+-]?\d{{1,3}}(?:{thousands}\d{{2,3}})*{thousands}\d{{3}}(?:\D|$)")
    text = pl.select(pl.when(grouped).then(text.str.replace_all(thousands, "")).otherwise(text)).to_series()
    if form.decimal == ",":
        text = text.set(text.str.contains(".", literal=True), None).str.replace(",", ".", literal=True)
    shape = text.str.contains(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$").fill_null(value=False)
    text = text.set(~shape, None)
    exponent = text.str.contains("[eE]").fill_null(value=False)
    value = text.set(exponent, None).cast(wide, strict=False)
    if exponent.any():
        value = value.zip_with(~exponent, text.cast(pl.Float64, strict=False).cast(wide, strict=False))
    sign = pl.when(brackets | behind).then(-1).otherwise(1)
    value = pl.select((pl.lit(value) * sign).cast(wide, strict=False)).to_series()
    if percent.any():
        hundredth = pl.select((pl.lit(value) / 100).cast(wide, strict=False)).to_series()
        value = value.zip_with(~percent.fill_null(value=False), hundredth)
    return _whole(value, kind), kind


def _whole(value: pl.Series, kind: Kind) -> pl.Series:
    if kind is not Kind.INTEGER:
        return value
    whole = value.cast(pl.Int64, strict=False)
    return whole.set((whole != value).fill_null(value=False), None)


def _moments(texts: pl.Series, clean: pl.Series, kind: Kind, form: Format, zone: str) -> Parsed:
    """Every date that begins with its year or names its month is read; 03/04/2024 by the column's order alone."""
    if form.order in {"unix", "unix_ms"}:
        return _unix(texts, clean, kind, form, zone)
    frame = pl.DataFrame({"text": clean})
    numeric = (1, 0) if form.order == "mdy" else (0, 1)
    shapes = [(_YMD, (2, 1, 0)), (_COMPACT, (2, 1, 0)), (_WORDS, (0, 1, 2)), (_WORDS_US, (1, 0, 2))]
    if form.order != "ymd":
        shapes.insert(0, (NUMERIC, (*numeric, 2)))
    # The commonest shapes first and at once; the others by their parts.
    timed = clean.str.contains(r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})?$").fill_null(value=False)
    local, offset = _iso(clean.set(~timed, None))
    for pattern, places in shapes:
        left = local.is_null() & clean.is_not_null()
        if not left.any():
            break
        found = frame.filter(left).select(_fields(pattern, places)).select(_assembled())
        index = left.arg_true()
        local = local.scatter(index, found["local"])
        offset = offset.scatter(index, found["offset"])
        timed = timed.scatter(index, found["timed"])
    utc = _in_utc(local, offset, zone)
    if kind is Kind.DATE:
        days = local.dt.date().zip_with(offset.is_null(), utc.dt.convert_time_zone(zone).dt.date())
        return _parsed(texts, clean, days, kind)
    parsed = _parsed(texts, clean, utc, kind)
    return Parsed(parsed.values, parsed.wrong, texts, day_only=~timed & utc.is_not_null())


def _iso(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Local times and offsets in seconds (null where there is none): 2024-03-05 10:00:00, 2024-03-05T10:00:00+02:00."""
    text = pl.col("text")
    zone = text.str.slice(19)
    seconds = zone.str.slice(1, 2).cast(pl.Int64, strict=False) * 3600 + zone.str.slice(4, 2).cast(pl.Int64, strict=False) * 60
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    found = pl.DataFrame({"text": texts}).select(
        text.str.head(19).str.replace("T", " ", literal=True).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us"),
        pl.when(zone == "Z").then(0).otherwise(seconds * sign).alias("offset"),
    )
    return found.to_series(0), found.to_series(1)


def _fields(pattern: str, places: tuple[int, int, int]) -> list[pl.Expr]:
    """Day, month, year and the parts of the time as text columns."""
    groups = pl.col("text").str.extract_groups(pattern).struct
    day, month, year = (groups.field(str(place + 1)) for place in places)
    if pattern == _COMPACT:
        nothing = pl.lit(None, dtype=pl.String)
        time = {"before": nothing, "h": groups.field("4"), "m": groups.field("5"), "s": groups.field("6")}
        time |= {"f": nothing, "after": nothing, "zone": nothing}
    else:
        names = ("before", "h", "m", "s", "f", "after", "zone")
        time = {name: groups.field(str(i)) for i, name in enumerate(names, 4)}
    number = month.str.to_lowercase().str.slice(0, 3).replace({name: str(i) for i, name in enumerate(MONTHS, 1)})
    return [day.alias("D"), number.alias("M"), year.alias("Y"), *(value.alias(name) for name, value in time.items())]


def _assembled() -> list[pl.Expr]:
    """`local` (Datetime), `offset` in seconds where the text has one, `timed`. An impossible day gives null."""
    year = pl.col("Y")
    century = pl.when(year.cast(pl.Int64, strict=False) < 70).then(pl.lit("20")).otherwise(pl.lit("19"))
    year = pl.when(year.str.len_chars() == 2).then(century + year).otherwise(year)
    half = pl.coalesce("before", "after").str.to_lowercase().str.replace_all(".", "", literal=True)
    hour = pl.col("h").cast(pl.Int64, strict=False)
    hour = (
        pl.when(half.is_in(["pm", "下午"]) & (hour < 12)).then(hour + 12).when(half.is_in(["am", "上午"]) & (hour == 12)).then(0)
    ).otherwise(hour)
    clock = [hour.fill_null(0).cast(pl.String), pl.col("m").fill_null("0"), pl.col("s").fill_null("0")]
    day = pl.concat_str([year, pl.col("M"), pl.col("D")], separator="-")
    text = pl.concat_str([day, pl.concat_str(clock, separator=":")], separator=" ") + pl.lit(".") + pl.col("f").fill_null("0")
    local = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    zone = pl.col("zone")
    digits = zone.str.extract(r"^[+-](\d{2})").cast(pl.Int64) * 3600
    digits += zone.str.extract(r"^[+-]\d{2}:?(\d{2})").cast(pl.Int64).fill_null(0) * 60
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    offset = pl.when(zone.is_in(["Z", "UTC", "GMT"])).then(0).otherwise(digits * sign)
    return [local.alias("local"), offset.alias("offset"), pl.col("h").is_not_null().alias("timed")]


def _in_utc(local: pl.Series, offset: pl.Series, zone: str) -> pl.Series:
    """Local times as instants. A time that happens twice is its first; one that a clock change skips is an hour later."""
    here = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    here = here.zip_with(
        here.is_not_null(), local.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    )
    utc = here.dt.convert_time_zone("UTC")
    given = pl.select(pl.lit(local) - pl.duration(seconds=pl.lit(offset))).to_series().dt.replace_time_zone("UTC")
    return utc.zip_with(offset.is_null(), given)


def _lengths(texts: pl.Series, clean: pl.Series, form: Format) -> Parsed:
    """Lengths of time in the format's unit: from nothing to a hundred years."""
    number, _kind = _number(clean, Kind.NUMBER, form)
    seconds = number.cast(pl.Float64) * AFTER[form.order]
    seconds = seconds.set(~seconds.is_between(0, 100 * 366 * AFTER["days"]), None)
    micro = (seconds * 1_000_000).round().cast(pl.Int64)
    return _parsed(texts, clean, micro.cast(pl.Duration("us")), Kind.TIME, "not_length")


def _unix(texts: pl.Series, clean: pl.Series, kind: Kind, form: Format, zone: str) -> Parsed:
    factor = 1_000_000 if form.order == "unix" else 1_000
    number = clean.set(~clean.str.contains(r"^\d{1,13}(?:\.\d{1,6})?$").fill_null(value=False), None)
    micro = pl.select((pl.lit(number).cast(pl.Float64, strict=False) * factor).round().cast(pl.Int64)).to_series()
    utc = micro.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if kind is Kind.DATE:
        return _parsed(texts, clean, utc.dt.convert_time_zone(zone).dt.date(), kind)
    parsed = _parsed(texts, clean, utc, kind)
    return Parsed(parsed.values, parsed.wrong, texts, day_only=pl.Series([False] * texts.len(), dtype=pl.Boolean))
