"""What people may choose as passwords and addresses."""

from __future__ import annotations

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from kith_platform.auth import passwords
from kith_platform.auth.credentials import Counter, Credentials


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    return Credentials("k" * 32)


def test_fifteen_characters_are_enough_and_fourteen_are_not() -> None:
    assert passwords.problem("plum tables soar") is None
    short = passwords.problem("plum tables so")
    assert short is not None
    assert "14 characters" in short.text()


def test_twelve_characters_are_enough_beside_a_second_factor() -> None:
    assert passwords.problem("plum tableso", second_factor=True) is None
    assert passwords.problem("plum tables", second_factor=True) is not None


def test_no_kind_of_character_is_asked_for_and_long_ones_are_taken() -> None:
    assert passwords.problem("many plain words without any sign " * 3) is None
    assert passwords.problem("x1 " * 90) is not None  # 270 characters


def test_the_most_frequent_passwords_are_refused_whole() -> None:
    taken = [word for word in FREQUENCY_LISTS["passwords"][:3000] if passwords.problem(word) is None]
    assert taken == []


@pytest.mark.parametrize("poor", ["passwordpassword", "123456789012345", "aaaaaaaaaaaaaaaaaaaa", "qwertyuiopasdfgh"])
def test_long_but_common_ones_are_refused(poor: str) -> None:
    assert passwords.problem(poor) is not None


def test_ones_own_name_is_no_password() -> None:
    assert passwords.problem("wilhelmina.vandermeer", about=("wilhelmina.vandermeer@kith.example",)) is not None


def test_a_chinese_passphrase_opens_again_however_it_was_typed(credentials: Credentials) -> None:
    typed = "春风又绿江南岸明月何时照我还啊"
    assert passwords.problem(passwords.received(typed)) is None
    kept = credentials.hash(passwords.received(typed))
    assert credentials.verify(passwords.received(typed), kept)
    assert not credentials.verify(passwords.received(typed[:-1]), kept)
    # Another keyboard sends é as e and an accent.
    assert passwords.received("caf\u00e9") == passwords.received("cafe\u0301")


def test_passwords_are_kept_as_argon2id(credentials: Credentials) -> None:
    assert credentials.hash("plum tables soar").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_nobodys_password_never_fits(credentials: Credentials) -> None:
    assert not credentials.verify("plum tables soar", None)
    assert not credentials.verify("with\0zero", None)


def test_a_code_counts_once_and_an_old_one_not_at_all(credentials: Credentials) -> None:
    secret, counter = credentials.new_second_factor(), Counter(None)
    code = credentials.current_code(secret)
    assert credentials.verify_code(code, secret, counter)
    assert not credentials.verify_code(code, secret, counter)
    assert not credentials.verify_code(credentials.current_code(secret, steps=-3), secret, Counter(None))
    assert not credentials.verify_code("", secret, Counter(None))
    assert not credentials.verify_code("abcdef", secret, Counter(None))


def test_another_installation_cannot_use_a_second_factor(credentials: Credentials) -> None:
    secret = credentials.new_second_factor()
    code = credentials.current_code(secret)
    assert not Credentials("z" * 32).verify_code(code, secret, Counter(None))


def test_recovery_codes_are_kept_as_something_else(credentials: Credentials) -> None:
    shown, kept = credentials.new_recovery_codes()
    assert len(set(shown)) == len(kept) == 10
    assert not set(shown) & set(kept)
    assert credentials.kept_form(shown[0].upper().replace("-", " ")) == kept[0]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  Ada@Example.COM ", "ada@example.com"),
        ("li@公司.example", "li@公司.example"),
        ("who@intranet.local", "who@intranet.local"),
        ("no address", None),
        ("a@b@c.example", None),
        ("ada@example.com\nBcc: all@example.com", None),
        ("", None),
    ],
)
def test_addresses_are_judged_by_form_alone(typed: str, read: str | None) -> None:
    assert passwords.email_of(typed) == read
