"""Proving who one is: Flask-Security-Too hashes passwords and checks codes, behind a door that needs no web application.

Of it we use argon2id, its TOTP with the counter hooks that stop replay, and its recovery codes; its roles, tokens, views and
cookie sessions are not used, so it lives in an app of its own that serves nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

WINDOW = 30  # seconds a TOTP code stays good before and after its own half minute


@dataclass
class Counter:
    """The last time step whose code a person used; `Credentials.verify_code` moves it on."""

    last: int | None


class Credentials:
    """One installation's way of checking passwords and codes. `secret_key` encrypts second factors and keys recovery codes."""

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key.encode()

    @cached_property
    def _app(self) -> Any:
        import flask_security
        from flask import Flask

        library: Any = flask_security

        class Once(library.Totp):  # type: ignore[misc]
            """A TOTP that refuses a code at or before the last one used."""

            def get_last_counter(self, user: Counter) -> int | None:
                return user.last

            def set_last_counter(self, user: Counter, match: Any) -> None:
                user.last = match.counter

        class Person:
            fs_uniquifier = email = password = active = tf_primary_method = tf_totp_secret = None

        app = Flask("kith_credentials")
        app.config.update(
            SECRET_KEY=self._derived("flask"),
            SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the method's name
            # The hash needs no key of ours: passwords survive a lost key, and second factors are asked for anew.
            SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
            SECURITY_PASSWORD_SALT="unused",  # noqa: S106 - asked for, and of no effect with a single hash
            SECURITY_TWO_FACTOR=True,
            SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
            SECURITY_TOTP_SECRETS={1: self._derived("totp")},
            SECURITY_TOTP_ISSUER="Kith",
        )
        people = library.SQLAlchemySessionUserDatastore(None, Person, None)
        library.Security(app, people, register_blueprint=False, totp_cls=Once)
        return app

    @property
    def _totp(self) -> Any:
        return self._app.extensions["security"].totp_factory

    def _derived(self, purpose: str) -> str:
        return hmac.new(self._key, purpose.encode(), hashlib.sha256).hexdigest()

    def hash(self, password: str) -> str:
        """The argon2id hash of a password, about 0.2 s. `password` as `passwords.received` gave it."""
        from flask_security import hash_password

        with self._app.app_context():
            return str(hash_password(password))

    @cached_property
    def _nobodys(self) -> str:
        return self.hash(secrets.token_urlsafe(24))

    def warm(self) -> None:
        """Load what the first sign-in would wait for."""
        _ = self._nobodys

    def verify(self, password: str, kept: str | None) -> bool:
        """Whether the password belongs to the hash. Takes as long for nobody (None) as for somebody."""
        from flask_security import verify_password

        well_formed = "\0" not in password
        with self._app.app_context():
            matches = bool(verify_password(password if well_formed else "x", kept or self._nobodys))
        return matches and well_formed and kept is not None

    def new_second_factor(self) -> str:
        """A fresh TOTP secret, encrypted: only this installation can use it."""
        return str(self._totp.generate_totp_secret())

    def address_of(self, second_factor: str, email: str) -> str:
        """The otpauth:// address an authenticator app scans."""
        return str(self._totp.get_totp_uri(email, second_factor))

    def key_of(self, second_factor: str) -> str:
        """The secret as one types it into an authenticator app that cannot scan."""
        return str(self._totp.get_totp_pretty_key(second_factor))

    def verify_code(self, code: str, second_factor: str, counter: Counter) -> bool:
        """Whether a six-digit code is right now and was not used before. Moves `counter` on when it is."""
        digits = "".join(code.split())
        if not (digits.isascii() and digits.isdigit()):
            return False
        # Times before the last code's are as good as used: passlib raises for those and for wrong codes alike.
        return bool(self._totp.verify_totp(digits, second_factor, counter, window=WINDOW))

    def current_code(self, second_factor: str, *, steps: int = 0) -> str:
        """The code an authenticator app shows now, or `steps` half minutes later; for tests and the demo."""
        factory = self._totp._totp.from_source(second_factor)  # noqa: SLF001 - passlib's own object
        return str(factory.generate(time=int(time.time()) + 30 * steps).token)

    def new_recovery_codes(self, count: int = 10) -> tuple[list[str], list[str]]:
        """Codes to show once, and what to keep of them: keyed hashes that say nothing without the installation's key."""
        shown = [str(code) for code in self._totp.generate_recovery_codes(count)]
        return shown, [self.kept_form(code) for code in shown]

    def kept_form(self, code: str) -> str:
        """What is kept of a recovery code; spaces, dashes and case do not matter."""
        plain = "".join(mark for mark in code.lower() if mark.isalnum())
        return self._derived(f"recovery {plain}")


@lru_cache
def credentials_for(secret_key: str) -> Credentials:
    """The process's Credentials: setting them up takes a moment, so it happens once."""
    return Credentials(secret_key)
