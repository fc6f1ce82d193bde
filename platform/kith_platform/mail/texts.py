"""What Kith writes to people, as English msgids with parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kith_platform.i18n import N_, translate


@dataclass(frozen=True)
class Text:
    subject: str
    body: str


TEXTS: Mapping[str, Text] = {
    "invitation": Text(
        N_("%(who)s invites you to %(company)s on Kith"),
        N_(
            "Hello,\n\n%(who)s invites you to work with %(company)s on Kith.\n\nOpen this link within 7 days to accept:\n%(link)s"
            "\n\nThe link works once, and only for %(email)s. If you did not expect it, you need do nothing.\n"
        ),
    ),
    "reset": Text(
        N_("Choose a new password for Kith"),
        N_(
            "Hello,\n\nsomebody asked for a new password for %(email)s. Open this link within 1 hour to choose one:\n%(link)s"
            "\n\nIf it was not you, you need do nothing: your password stays as it is.\n"
        ),
    ),
    "welcome": Text(
        N_("Your place at %(company)s on Kith"),
        N_(
            "Hello,\n\n%(company)s is ready on Kith, and you are its owner. Open this link within 7 days to choose your password:"
            "\n%(link)s\n"
        ),
    ),
    "change_email": Text(
        N_("Confirm your new e-mail address for Kith"),
        N_(
            "Hello,\n\nopen this link within 1 day to sign in to Kith as %(email)s from now on:\n%(link)s"
            "\n\nIf you did not ask for this, you need do nothing.\n"
        ),
    ),
    "email_changed": Text(
        N_("Your e-mail address for Kith was changed"),
        N_(
            "Hello,\n\nyour account on Kith now signs in as %(email)s. If it was not you, tell the operator of this Kith at "
            "once.\n"
        ),
    ),
    "password_changed": Text(
        N_("Your password for Kith was changed"),
        N_(
            "Hello,\n\nthe password of %(email)s was changed, and all other sessions were ended. If it was not you, ask for a "
            "new password at once:\n%(link)s\n"
        ),
    ),
}


def written(kind: str, language: str, **params: object) -> tuple[str, str]:
    """Subject and body of a message in a language. Line breaks in parameters become spaces: nobody adds a header."""
    flat = {key: " ".join(str(value).split()) for key, value in params.items()}
    text = TEXTS[kind]
    return translate(text.subject, language or "en", **flat), translate(text.body, language or "en", **flat)
