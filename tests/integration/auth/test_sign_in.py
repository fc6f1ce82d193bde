"""Signing in: passwords, second factors, waiting, and nothing that tells strangers who has an account."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from kith_platform.auth import lockout
from kith_platform.auth.cookies import COOKIE
from kith_platform.auth.credentials import credentials_for
from kith_platform.auth.models import SecurityEvent, SignInFailure
from kith_platform.auth.who import aware_now
from kith_platform.runtime import Runtime

from .conftest import PASSWORD, Browser, Owner, with_second_factor


def test_signing_in_leads_to_ones_company(browser: Browser, owner: Owner) -> None:
    assert browser.sign_in(owner.email).headers["Location"] == "/"
    assert browser.get("/").headers["Location"] == f"/c/{owner.tenant.slug}/"
    assert browser.get(f"/c/{owner.tenant.slug}/members/").status_code == 200


def test_signing_in_leads_back_to_the_page_one_wanted_and_never_off_the_site(browser: Browser, owner: Owner) -> None:
    assert browser.sign_in(owner.email, next="/account").headers["Location"] == "/account"
    browser.send("/sign-out", look="/account")
    assert browser.sign_in(owner.email, next="https://evil.example/").headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(new_browser: Callable[[], Browser], owner: Owner) -> None:
    wrong = new_browser().sign_in(owner.email, "not this one, surely")
    unknown = new_browser().sign_in("nobody-" + owner.email, "not this one, surely")
    assert wrong.status_code == unknown.status_code == 422
    assert _plain(wrong.text, owner.email) == _plain(unknown.text, "nobody-" + owner.email)


def test_forgotten_passwords_get_the_same_answer_for_everybody(new_browser: Callable[[], Browser], owner: Owner) -> None:
    known = new_browser().send("/forgotten", email=owner.email)
    unknown = new_browser().send("/forgotten", email="nobody-" + owner.email)
    assert known.status_code == unknown.status_code == 200
    assert _plain(known.text, owner.email) == _plain(unknown.text, "nobody-" + owner.email)


def _plain(page: str, email: str) -> str:
    page = re.sub(r'nonce="[^"]*"|name="csrf_token" value="[^"]*"|"X-CSRFToken": "[^"]*"', "", page)
    return page.replace(email, "").replace(email.replace("@", "%40"), "")


@pytest.mark.parametrize("known", [True, False])
def test_guessing_is_slowed_whether_or_not_the_address_is_known(
    browser: Browser, runtime: Runtime, owner: Owner, known: bool
) -> None:
    email = owner.email if known else "nobody-" + owner.email
    answers = [browser.sign_in(email, f"wrong guess number {turn}") for turn in range(12)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:4] == [422] * 4
    assert 429 in statuses[5:10]
    assert statuses.count(422) < 8
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_after_waiting_the_right_password_works_again(browser: Browser, runtime: Runtime, owner: Owner) -> None:
    for turn in range(7):
        browser.sign_in(owner.email, f"wrong guess number {turn}")
    assert browser.sign_in(owner.email).status_code == 429
    with runtime.doors.auth_scope() as session:
        session.execute(
            update(SignInFailure)
            .where(SignInFailure.email_hash == lockout._key(owner.email))
            .values(locked_until=aware_now() - dt.timedelta(seconds=1))
        )
    assert browser.sign_in(owner.email).status_code == 302
    assert browser.get("/account").status_code == 200


def test_the_session_gets_a_new_key_when_somebody_signs_in(browser: Browser, owner: Owner) -> None:
    browser.get("/sign-in")
    browser.sign_in(owner.email)
    first = browser.get_cookie(COOKIE)
    again = browser.post("/sign-in", data={"email": owner.email, "password": PASSWORD, "csrf_token": _token(browser)})
    assert again.status_code == 302
    second = browser.get_cookie(COOKIE)
    assert first is not None
    assert second is not None
    assert first.value != second.value
    assert first.http_only
    assert first.same_site == "Lax"
    # The session before is over, not merely forgotten by this browser.
    browser.set_cookie(COOKIE, first.value)
    assert browser.get("/account").status_code == 302


def _token(browser: Browser) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/account").text)
    assert found is not None
    return found[1]


def test_a_password_alone_opens_nothing_where_there_is_a_second_factor(browser: Browser, runtime: Runtime, owner: Owner) -> None:
    secret, _codes = with_second_factor(runtime, owner.id)
    assert browser.sign_in(owner.email).headers["Location"].startswith("/second-factor")
    assert browser.get("/account").status_code == 302
    assert browser.get(f"/c/{owner.tenant.slug}/members/").status_code == 302
    key = browser.get_cookie(COOKIE)
    code = credentials_for(runtime.secret_key).current_code(secret)
    assert browser.send("/second-factor", code=code).status_code == 302
    assert browser.get("/account").status_code == 200
    assert key is not None
    assert key.value != browser.get_cookie(COOKIE).value  # type: ignore[union-attr]


def test_a_code_works_once(new_browser: Callable[[], Browser], runtime: Runtime, owner: Owner) -> None:
    secret, _codes = with_second_factor(runtime, owner.id)
    code = credentials_for(runtime.secret_key).current_code(secret)
    first, second = new_browser(), new_browser()
    first.sign_in(owner.email)
    assert first.send("/second-factor", code=code).status_code == 302
    second.sign_in(owner.email)
    assert second.send("/second-factor", code=code).status_code == 422
    assert second.get("/account").status_code == 302


def test_a_recovery_code_works_once(new_browser: Callable[[], Browser], runtime: Runtime, owner: Owner) -> None:
    _secret, codes = with_second_factor(runtime, owner.id)
    first, second = new_browser(), new_browser()
    first.sign_in(owner.email)
    assert first.send("/second-factor", code=codes[3]).status_code == 302
    assert "9 recovery codes are left" in first.get("/account").text
    second.sign_in(owner.email)
    assert second.send("/second-factor", code=codes[3]).status_code == 422


def test_codes_are_slowed_like_passwords(browser: Browser, runtime: Runtime, owner: Owner) -> None:
    with_second_factor(runtime, owner.id)
    browser.sign_in(owner.email)
    statuses = [browser.send("/second-factor", code=f"{turn:06}").status_code for turn in range(9)]
    assert 429 in statuses


def test_failures_and_successes_leave_a_trace_without_secrets(browser: Browser, runtime: Runtime, owner: Owner) -> None:
    browser.sign_in(owner.email, "a wrong guess of mine")
    browser.sign_in(owner.email)
    browser.send("/sign-out", look="/account")
    with runtime.doors.auth_scope() as session:
        rows = session.execute(select(SecurityEvent).where(SecurityEvent.identity_id == owner.id)).scalars().all()
    assert [row.kind for row in rows] == ["sign_in:failed", "sign_in:done", "sign_out"]
    assert {row.address for row in rows} == {browser.environ_base["REMOTE_ADDR"]}
    assert "wrong guess" not in str([row.detail for row in rows])
