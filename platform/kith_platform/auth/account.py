"""A person's own account: name and language, password, e-mail address, second factor, sessions. Belongs to no company."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from kith_platform.auth import links, lockout, passwords, sessions
from kith_platform.auth.credentials import Counter, credentials_for
from kith_platform.auth.events import note
from kith_platform.auth.models import Identity
from kith_platform.auth.who import Person, aware_now
from kith_platform.errors import Conflict, FieldError, Invalid
from kith_platform.i18n import N_
from kith_platform.mail import service as mail
from kith_tenants.registry import LANGUAGES

if TYPE_CHECKING:
    from kith_platform.runtime import Runtime


def rename(runtime: Runtime, person: Person, *, name: str, language: str) -> None:
    """Change name and language (empty: as the company). Raises Invalid."""
    if not name.strip():
        raise Invalid(fields=[FieldError("name", N_("Give your own name."))])
    if language not in {"", *LANGUAGES}:
        raise Invalid(fields=[FieldError("language", N_("Choose one of the languages."))])
    with runtime.doors.auth_scope() as session:
        identity = session.get_one(Identity, person.id)
        identity.name, identity.language = name.strip(), language


def confirm(runtime: Runtime, person: Person, password: str, *, field: str = "current") -> None:
    """Ask for the password again before something that could lock the person out. Raises Invalid or TooMany."""
    with runtime.doors.auth_scope() as session:
        lockout.count_attempt(session, person.email)
        kept = session.get_one(Identity, person.id).password
    right = credentials_for(runtime.secret_key).verify(passwords.received(password), kept)
    with runtime.doors.auth_scope() as session:
        if right:
            lockout.forgive(session, person.email)
        else:
            note(session, "password:not_confirmed", person.id)
    if not right:
        raise Invalid(fields=[FieldError(field, N_("This is not your present password."))])


def change_password(runtime: Runtime, person: Person, current: str, new: str, *, keep: int) -> None:
    """Change the password; every other session ends. `keep` is the row of the session that asks. Raises Invalid, TooMany."""
    confirm(runtime, person, current)
    _set_password(runtime, person, passwords.received(new), keep=keep)


def _set_password(runtime: Runtime, person: Person, new: str, *, keep: int | None) -> None:
    wrong = passwords.problem(new, second_factor=person.second_factor, about=(person.email, person.name))
    if wrong:
        raise Invalid(fields=[wrong])
    hashed = credentials_for(runtime.secret_key).hash(new)
    with runtime.doors.auth_scope() as session:
        identity = session.get_one(Identity, person.id)
        identity.password, identity.password_changed_at = hashed, aware_now()
        sessions.end(session, person.id, but=keep)
        lockout.forgive(session, person.email)
        note(session, "password:changed", person.id)
        link = f"{runtime.settings.public_url.rstrip('/')}/forgotten"
        mail.to_person(session, runtime, "password_changed", identity.email, identity.language, email=identity.email, link=link)


def ask_reset(runtime: Runtime, email: str) -> None:
    """Mail a link to choose a new password, if the address is known. The caller cannot tell whether it is."""
    address = passwords.email_of(email)
    with runtime.doors.auth_scope() as session:
        identity = session.execute(select(Identity).where(Identity.email == (address or ""))).scalar_one_or_none()
        if identity is not None and identity.active:
            links.new_link(session, runtime, identity, links.RESET)
        note(session, "password:reset_asked", identity.id if identity else None)


def reset_opens(runtime: Runtime, secret: str) -> Person:
    """Whose reset link this is. Raises Invalid when it was used or is too old."""
    with runtime.doors.auth_scope() as session:
        link = links.opened(session, secret, (links.RESET, links.WELCOME))
        return Person.of(session.get_one(Identity, link.identity_id))


def reset(runtime: Runtime, secret: str, new: str) -> Person:
    """Choose a new password by a mailed link; all sessions end. The second factor stays. Raises Invalid."""
    person = reset_opens(runtime, secret)
    new = passwords.received(new)
    if wrong := passwords.problem(new, second_factor=person.second_factor, about=(person.email, person.name)):
        raise Invalid(fields=[wrong])
    with runtime.doors.auth_scope() as session:
        links.opened(session, secret, (links.RESET, links.WELCOME)).used_at = aware_now()
    _set_password(runtime, person, new, keep=None)
    return person


def ask_new_email(runtime: Runtime, person: Person, password: str, email: str) -> None:
    """Mail a link to the new address; it takes effect when the link is opened. Raises Invalid or TooMany.

    Whether the new address has an account already is not said here, only to who can open its mail.
    """
    confirm(runtime, person, password, field="email_current")
    address = passwords.email_of(email)
    if address is None:
        raise Invalid(fields=[FieldError("email", N_("This is not an e-mail address, such as ada@example.com."))])
    with runtime.doors.auth_scope() as session:
        links.new_link(session, runtime, session.get_one(Identity, person.id), links.CHANGE_EMAIL, email=address)
        note(session, "email:change_asked", person.id)


def confirm_email(runtime: Runtime, secret: str) -> str:
    """Make a mailed link's address the person's own; other links stop and the old address is told. Returns the new one.

    Raises Invalid for a bad link, Conflict when the address belongs to another account.
    """
    with runtime.doors.auth_scope() as session:
        link = links.opened(session, secret, (links.CHANGE_EMAIL,))
        taken = session.execute(select(Identity.id).where(Identity.email == link.email)).scalar_one_or_none()
        if taken not in {None, link.identity_id}:
            raise Conflict(N_("The address %(email)s belongs to another account. Use a different one."), email=link.email)
        identity = session.get_one(Identity, link.identity_id)
        old, identity.email = identity.email, link.email
        link.used_at = aware_now()
        sessions.end(session, identity.id)
        note(session, "email:changed", identity.id)
        mail.to_person(session, runtime, "email_changed", old, identity.language, email=link.email)
        return link.email


@dataclass(frozen=True, slots=True)
class Setup:
    """A second factor about to be set up: what the app scans, what one types instead, and the secret (encrypted)."""

    secret: str
    address: str
    key: str


def new_second_factor(runtime: Runtime, person: Person, secret: str = "") -> Setup:
    """Offer a second factor; `secret` is one offered before, so that a form shown again keeps its picture."""
    credentials = credentials_for(runtime.secret_key)
    secret = secret or credentials.new_second_factor()
    return Setup(secret, credentials.address_of(secret, person.email), credentials.key_of(secret))


def turn_on_second_factor(runtime: Runtime, person: Person, secret: str, code: str, *, keep: int) -> list[str]:
    """Take the second factor into use once its code proves it works. Returns recovery codes, to be shown once.

    The code used here counts as used; other sessions end. Raises Invalid.
    """
    credentials, counter = credentials_for(runtime.secret_key), Counter(None)
    if not secret or not credentials.verify_code(code, secret, counter):
        raise Invalid(
            fields=[FieldError("code", N_("This code does not fit. Scan the picture again and type the code shown now."))]
        )
    shown, kept = credentials.new_recovery_codes()
    with runtime.doors.auth_scope() as session:
        identity = session.get_one(Identity, person.id, with_for_update=True)
        identity.second_factor, identity.second_factor_at = secret, aware_now()
        identity.last_counter, identity.recovery_codes = counter.last, kept
        sessions.end(session, person.id, but=keep)
        note(session, "second_factor:on", person.id)
    return shown


def turn_off_second_factor(runtime: Runtime, person: Person, password: str) -> None:
    """Go back to the password alone. Raises Invalid or TooMany."""
    confirm(runtime, person, password, field="off_current")
    with runtime.doors.auth_scope() as session:
        identity = session.get_one(Identity, person.id)
        identity.second_factor = identity.second_factor_at = identity.last_counter = None
        identity.recovery_codes = []
        note(session, "second_factor:off", person.id)


def new_recovery_codes(runtime: Runtime, person: Person, password: str) -> list[str]:
    """Fresh recovery codes, shown once; the old ones stop working. Raises Invalid or TooMany."""
    confirm(runtime, person, password, field="codes_current")
    shown, kept = credentials_for(runtime.secret_key).new_recovery_codes()
    with runtime.doors.auth_scope() as session:
        session.get_one(Identity, person.id).recovery_codes = kept
        note(session, "recovery_codes:renewed", person.id)
    return shown


def left_recovery_codes(session: Session, person: Person) -> int:
    """How many recovery codes are left."""
    return len(session.get_one(Identity, person.id).recovery_codes)
