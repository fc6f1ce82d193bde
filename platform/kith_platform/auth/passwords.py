"""What may be a password, and how e-mail addresses and passwords are read."""

from __future__ import annotations

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from kith_platform.errors import FieldError
from kith_platform.i18n import N_, mark_plural

# Form only: intranets use .local and demos .example, which the library refuses unless told so in this way.
SPECIAL_USE_DOMAIN_NAMES.clear()

SHORTEST = 15
SHORTEST_WITH_SECOND_FACTOR = 12
LONGEST = 256
GUESSABLE = 9.0  # log10 of the guesses below which a password is too easy to find
TOO_SHORT = mark_plural(
    "The password has %(length)s character. Use at least %(shortest)s; several words in a row are fine.",
    "The password has %(length)s characters. Use at least %(shortest)s; several words in a row are fine.",
    "length",
)


def received(password: str) -> str:
    """A password as typed, in one Unicode form (NFKD), so that every keyboard's 'é' or '語' is the same."""
    return unicodedata.normalize("NFKD", password)


def problem(
    password: str, *, second_factor: bool = False, about: tuple[str, ...] = (), field: str = "password"
) -> FieldError | None:
    """Why this cannot be a password, or None. No rule about kinds of characters; `about` are words others could guess.

    Commonness is judged offline by zxcvbn, whose lists hold the 30,000 most frequent passwords.
    """
    shortest = SHORTEST_WITH_SECOND_FACTOR if second_factor else SHORTEST
    if len(password) < shortest:
        return FieldError(
            field,
            TOO_SHORT,
            {"length": len(password), "shortest": shortest},
        )
    if len(password) > LONGEST:
        return FieldError(field, N_("The password is longer than %(longest)s characters. Shorten it."), {"longest": LONGEST})
    if any(unicodedata.category(mark) == "Cc" for mark in password):
        return FieldError(field, N_("The password holds a control character, such as a line break. Leave it out."))
    if _guesses(password, about) < GUESSABLE:
        return FieldError(field, N_("This password is too easy to guess. Choose less common words, or more of them."))
    return None


def _guesses(password: str, about: tuple[str, ...]) -> float:
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]

    # zxcvbn takes time that grows with the square of the length; what follows can only make a password harder.
    words = {part for word in about for part in (word, *re.split(r"[\W_]+", word)) if len(part) > 2}
    return float(zxcvbn(password[:64], user_inputs=sorted(words))["guesses_log10"])


def email_of(typed: str) -> str | None:
    """The normalised address, or None where it has no address's form. Asks no DNS and accepts intranet domains."""
    try:
        checked = validate_email(typed.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return unicodedata.normalize("NFKC", checked.normalized).lower()
