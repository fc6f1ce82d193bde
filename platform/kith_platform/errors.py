"""What can go wrong, in the words of the business. The edges render these: problem+json, page, fragment, exit code.

A message says what happened, to what, and what to do. It is an English msgid marked with `i18n.mark`, with
`%(name)s` parameters, so the edge can say it in the reader's language.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kith_platform.i18n import N_, form


@dataclass(frozen=True)
class FieldError:
    """One field's complaint. `field` is the name in the form or the JSON path (`lines.0.amount`)."""

    field: str
    message: str
    params: dict[str, object] = dataclasses.field(default_factory=dict)

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The message in the language of `translate`."""
        return fill(translate(self.message), self.params)


class KithError(Exception):
    """Something a person can be told about. Subclasses fix `status` (HTTP), `code` (stable, for programs) and `title`.

    >>> str(NotFound("There is no customer %(id)s.", id="C-17"))
    'There is no customer C-17.'
    """

    status = 500
    code = "error"
    title = N_("Something went wrong")
    default = N_("Kith could not finish this. Nothing was saved. Try again in a moment.")

    def __init__(
        self,
        message: str | None = None,
        /,
        *,
        fields: Sequence[FieldError] = (),
        retry_after: int | None = None,
        **params: object,
    ) -> None:
        self.message = message or self.default
        self.params = params
        self.fields = tuple(fields)
        self.retry_after = retry_after  # seconds, sent as Retry-After
        super().__init__(fill(self.message, params))

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The message in the language of `translate` (gettext), parameters filled in."""
        return fill(translate(self.message), self.params)


class Invalid(KithError):
    """What was sent does not fit. Give one FieldError per field where there are fields."""

    status = 422
    code = "invalid"
    title = N_("Something needs correcting")
    default = N_("Some entries do not fit. Correct the marked fields and send again; nothing you typed is lost.")


class NotSignedIn(KithError):
    status = 401
    code = "not_signed_in"
    title = N_("Please sign in")
    default = N_("You are not signed in, or your session has ended. Sign in and try again.")


class Forbidden(KithError):
    status = 403
    code = "forbidden"
    title = N_("Your role does not allow this")
    default = N_("Your role in this company does not allow this. Ask an admin of the company for the permission.")


class NotFound(KithError):
    status = 404
    code = "not_found"
    title = N_("Not found")
    default = N_("There is nothing here that you can see. The link may be old, or it belongs to another company.")


class Conflict(KithError):
    """The thing is not in a state in which this can be done (changed meanwhile, already exists, still in use)."""

    status = 409
    code = "conflict"
    title = N_("This has changed meanwhile")
    default = N_("Somebody changed this while you were working on it. Reload the page and make your change again.")


class TooLarge(KithError):
    status = 413
    code = "too_large"
    title = N_("Too large")
    default = N_("What you sent is too large. Send it in smaller parts, or import it as a file.")


class TooMany(KithError):
    status = 429
    code = "too_many"
    title = N_("Too many attempts")
    default = N_("That was too often in a short time. Wait a minute and try again.")


class TookTooLong(KithError):
    """A statement was stopped because nobody waits so long."""

    status = 503
    code = "took_too_long"
    title = N_("This took too long")
    default = N_(
        "Kith stopped this because it took too long. Nothing was changed. Try it with a narrower filter, or in a minute."
    )


class Unavailable(KithError):
    """A part Kith needs does not answer. Safe to try again."""

    status = 503
    code = "unavailable"
    title = N_("Not available at the moment")
    default = N_("A part of Kith does not answer at the moment. Nothing was lost; try again in a minute.")


class NotAllowed(KithError):
    """The address exists but not with this method."""

    status = 405
    code = "method_not_allowed"
    title = N_("Not possible here")
    default = N_("This address does not take that kind of request. Go back and try again.")


class BadRequest(KithError):
    status = 400
    code = "bad_request"
    title = N_("Kith did not understand this request")
    default = N_("Kith did not understand this request. Go back, reload the page and try again.")


class Expired(KithError):
    """The form's proof of origin is missing or too old (CSRF)."""

    status = 400
    code = "expired"
    title = N_("This page was open for too long")
    default = N_("This page was open for too long. Reload it and send again; nothing was saved.")


BY_STATUS: dict[int, type[KithError]] = {
    kind.status: kind
    for kind in (BadRequest, Invalid, NotSignedIn, Forbidden, NotFound, NotAllowed, Conflict, TooLarge, TooMany, Unavailable)
}


def fill(message: str, params: dict[str, object]) -> str:
    """Fill `%(name)s` parameters, in the form that fits the number. One without parameters may hold a bare per cent sign."""
    return form(message, params) % params if params else message
