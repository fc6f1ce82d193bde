"""What can be wrong with a file, a line or a cell, in words that say what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kith_platform.errors import Invalid, fill
from kith_platform.i18n import N_, mark_plural

FILE: Mapping[str, str] = {
    "empty": N_("The file is empty. Export it again from its source and import that file."),
    "archive": N_("This is a packed archive (%(kind)s). Unpack it and import the CSV files in it one by one."),
    "broken": N_("The file is damaged or was cut short. Open it where it comes from, save it again and import that file."),
    "bomb": N_("Unpacked, this file is larger than %(megabytes)s MB, or far larger than it looks. Unpack it and split it."),
    "locked": N_("The file is protected by a password. Save it without one and import that file."),
    "nothing_packed": N_("The archive holds no CSV, TSV or text file. Pack one of those, or import the file itself."),
    "no_such_part": N_("There is no “%(part)s” in the file. It has: %(parts)s."),
    "nested": N_("These columns hold lists or structures, not values: %(columns)s. Leave them out when you write the file."),
    "too_many_rows": N_("The file has more than %(limit)s rows. Split it."),
    "pdf": N_("This is a PDF document, which holds no table of data. Export the data as CSV from the system it came from."),
    "markup": N_("This is a web page or XML, not a table. Export the data as CSV; you may have saved a sign-in page by mistake."),
    "json": N_("This is JSON. Export the data as CSV, or send it through the API."),
    "binary": N_("This is a binary file (%(kind)s), not text. Export the data as CSV or TSV and import that file."),
    "encoding_unknown": N_("Kith does not know the encoding “%(encoding)s”. Use utf-8, utf-16, gb18030, big5 or cp1252."),
    "encoding_wrong": N_(
        "The file is not %(encoding)s: byte %(byte)s does not fit. Choose another encoding or let Kith detect it."
    ),
    "too_many_columns": N_("The file has %(columns)s columns; Kith takes %(limit)s. Check the separator or export fewer."),
    "mapping": N_("The mapping cannot be read: %(detail)s. Save it again from the import page, or correct the file."),
    "column_missing": N_("The file has no column “%(column)s”. Its columns are: %(columns)s. Correct the mapping or the file."),
    "nothing_mapped": N_("None of the columns has a place. Choose at least one, such as the number or the e-mail: %(columns)s."),
    "no_such_table": N_("There is no table “%(table)s”. Tables are: %(tables)s."),
}

LINE: Mapping[str, str] = {
    "too_few": mark_plural(
        "The line has %(found)s field, the file has %(expected)s columns. Add the missing separators.",
        "The line has %(found)s fields, the file has %(expected)s columns. Add the missing separators.",
        "found",
    ),
    "too_many": mark_plural(
        "The line has %(found)s fields, the file has %(expected)s column. Put quotes around a value that holds the separator.",
        "The line has %(found)s fields, the file has %(expected)s columns. Put quotes around a value that holds the separator.",
        "expected",
    ),
    "decode": N_("The line holds bytes that are not %(encoding)s. Save the file again in one encoding."),
    "nul": N_("The line holds a NUL character. Remove it, or export the file again."),
    "unclosed_quote": N_("A quote opens in this line and is not closed. Close it, or double a quote that belongs to the text."),
    "stray_quote": N_("Text follows a closing quote. Double a quote that belongs to the text."),
    "long_cell": N_("A value is longer than %(limit)s characters. Shorten it."),
    "long_line": N_("The line is longer than %(limit)s bytes. Check the line breaks of the file."),
}

CELL: Mapping[str, str] = {
    "not_whole": N_("“%(value)s” is not a whole number"),
    "not_number": N_("“%(value)s” is not a number"),
    "not_date": N_("“%(value)s” is not a date"),
    "not_boolean": N_("“%(value)s” is neither yes nor no"),
    "not_choice": N_("“%(value)s” is none of: %(choices)s"),
    "not_currency": N_("“%(value)s” is not a currency. Use a code of three letters such as USD"),
    "unknown_reference": N_("%(column)s: there is no “%(value)s” in this source. Import that first, then this file again"),
    "required": N_("%(column)s is empty. Fill it in"),
    "future": N_("%(column)s lies in the future. Correct the date"),
    "not_one": N_("%(columns)s add up to %(sum)s, not to 1. Correct the shares"),
    "too_early": N_("%(column)s lies before 1900. Correct the date"),
    "before_start": N_("%(column)s lies before %(start)s. Correct the date"),
    "not_length": N_("“%(value)s” is not a length of time"),
}

COLUMN = N_("Column %(number)s")
IN_COLUMN = N_("%(column)s: %(what)s")

NOTES: Mapping[str, str] = {
    "encoding_unsure": N_("The text could also be in another encoding than %(encoding)s. Check the first rows below."),
    "encoding_mixed": N_("Some lines are not %(encoding)s; they will be rejected one by one."),
    "part_of_several": N_("Kith reads “%(part)s”. The file also has: %(others)s. Import each of those by itself."),
    "one_column": N_("Kith found no separator: each line is one value. Choose the separator if that is wrong."),
    "ragged": N_("Not all lines have the same number of fields. Those that do not will be rejected with a reason."),
    "no_header": N_("The first line is data, not names. Columns are known by their position."),
    "header_only": N_("The file has a header and no rows yet."),
    "day_month_unsure": N_(
        "“%(column)s”: no value shows whether the day or the month comes first. Kith takes %(order)s; change it if that is wrong."
    ),
    "day_month_mixed": N_(
        "“%(column)s”: some dates have the day first and some the month. Kith takes %(order)s; the others will be rejected."
    ),
    "decimal_unsure": N_(
        "“%(column)s”: “%(example)s” may hold a decimal or a thousands sign. Kith takes “%(decimal)s” as decimal."
    ),
    "id_float": N_("“%(column)s”: ids such as %(example)s lost their form to a spreadsheet. Kith reads them without “.0”."),
    "computed_net": N_("The file has no amount per line. Kith computes it as quantity × unit price, less the discount."),
    "computed_order_net": N_("The file has no amount per order. Kith adds up its lines."),
    "negative_is_return": N_("Lines with a negative quantity are taken as returns."),
    "by_position": N_("Columns were guessed by position and content. Check them before you import."),
    "unmapped": mark_plural(
        "%(count)s column is kept as it is and offered as an attribute of the customer.",
        "%(count)s columns are kept as they are and offered as attributes of the customer.",
    ),
    "left_out": mark_plural(
        "%(count)s column has no place and is left out. Give it one if you need it.",
        "%(count)s columns have no place and are left out. Give them one if you need them.",
    ),
}


class FileProblem(Invalid):
    """A file that cannot be imported at all. `code` is a key of FILE; the message says what to do."""

    def __init__(self, problem: str, /, **params: object) -> None:
        super().__init__(FILE[problem])
        self.code = problem
        self.params = params
        self.args = (fill(self.message, params),)


@dataclass(frozen=True)
class Note:
    """Something the user should know or check: a key of NOTES and its parameters."""

    code: str
    params: tuple[tuple[str, object], ...] = ()

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The sentence, in the language of `translate` (gettext)."""
        return fill(translate(NOTES[self.code]), dict(self.params))


def note(problem: str, /, **params: object) -> Note:
    return Note(problem, tuple(params.items()))


def reason(problem: str, params: Mapping[str, object], *, translate: Callable[[str], str] = str) -> str:
    """Why a line or a cell was refused: the sentence of a key of LINE or CELL, behind the column's name or number (`of`)."""
    said = fill(translate(LINE.get(problem) or CELL[problem]), dict(params))
    column = params.get("of")
    if column is None:
        return said
    name = column if isinstance(column, str) else fill(translate(COLUMN), {"number": column})
    return fill(translate(IN_COLUMN), {"column": name, "what": said})
