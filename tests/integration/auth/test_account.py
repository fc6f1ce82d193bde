"""One's own account: password, address, second factor."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select, text, update

from kith_platform.auth import account
from kith_platform.auth.credentials import credentials_for
from kith_platform.auth.models import AuthLink, WebSession
from kith_platform.auth.who import aware_now
from kith_platform.errors import Conflict, Invalid
from kith_platform.mail import service as mail
from kith_platform.runtime import Runtime

from .conftest import PASSWORD, Browser, Owner, person_of, with_second_factor

NEW = "nine lanterns over water"


def letter_to(runtime: Runtime, email: str, kind: str) -> str:
    with runtime.doors.auth_scope() as session:
        return (
            mail.body_of(runtime, next(one for one in mail.operators(session) if (one.recipient, one.kind) == (email, kind)))
            or ""
        )


def path_in(letter: str) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", letter)
    assert found is not None
    return found[1]


def test_a_forgotten_password_is_replaced_by_a_mailed_link_once(
    new_browser: Callable[[], Browser], runtime: Runtime, owner: Owner
) -> None:
    signed_in, browser = new_browser(), new_browser()
    signed_in.sign_in(owner.email)
    browser.send("/forgotten", email=owner.email)
    link = path_in(letter_to(runtime, owner.email, "reset"))
    assert browser.send(link, password="short").status_code == 422
    assert browser.send(link, password=NEW).status_code == 302
    assert signed_in.get("/account").status_code == 302  # every session ended
    assert browser.sign_in(owner.email).status_code == 422
    assert browser.sign_in(owner.email, NEW).status_code == 302
    assert browser.get(link).status_code == 422


def test_an_old_link_and_one_replaced_by_a_newer_do_not_open(runtime: Runtime, owner: Owner) -> None:
    account.ask_reset(runtime, owner.email)
    first = path_in(letter_to(runtime, owner.email, "reset")).rpartition("/")[2]
    account.ask_reset(runtime, owner.email)
    second = path_in(letter_to(runtime, owner.email, "reset")).rpartition("/")[2]
    with pytest.raises(Invalid):
        account.reset(runtime, first, NEW)
    with runtime.doors.auth_scope() as session:
        session.execute(update(AuthLink).where(AuthLink.identity_id == owner.id).values(expires_at=aware_now() - dt.timedelta(1)))
    with pytest.raises(Invalid, match="too old"):
        account.reset(runtime, second, NEW)


def test_the_database_holds_no_link_that_works(runtime: Runtime, owner: Owner) -> None:
    account.ask_reset(runtime, owner.email)
    secret = path_in(letter_to(runtime, owner.email, "reset")).rpartition("/")[2]
    with runtime.doors.auth_scope() as session:
        for table in ("auth_link", "auth_mail", "security_event"):
            assert secret not in str(session.execute(text(f"SELECT row_to_json(t) FROM kith.{table} t")).scalars().all())


def test_a_reset_does_not_undo_the_second_factor(browser: Browser, runtime: Runtime, owner: Owner) -> None:
    with_second_factor(runtime, owner.id)
    browser.send("/forgotten", email=owner.email)
    browser.send(path_in(letter_to(runtime, owner.email, "reset")), password=NEW)
    assert browser.sign_in(owner.email, NEW).headers["Location"].startswith("/second-factor")


def test_a_new_address_counts_once_its_link_is_opened(browser: Browser, runtime: Runtime, owner: Owner) -> None:
    browser.sign_in(owner.email)
    new = f"m-{uuid.uuid4().hex[:8]}@kith.example"
    assert browser.send("/account/email", look="/account", email=new, email_current="not my password at all").status_code == 422
    assert browser.send("/account/email", look="/account", email=new, email_current=PASSWORD).status_code == 302
    link = path_in(letter_to(runtime, new, "change_email"))
    assert browser.get(link).status_code == 200
    browser.get(link)  # a mail program's look changes nothing
    assert person_of(runtime, owner.id).email == owner.email
    assert browser.send(link).status_code == 302
    assert person_of(runtime, owner.id).email == new
    assert new in letter_to(runtime, owner.email, "email_changed")
    assert browser.sign_in(new).status_code == 302


def test_somebody_elses_address_cannot_be_taken(runtime: Runtime, owner: Owner) -> None:
    other = f"x-{uuid.uuid4().hex[:8]}@kith.example"
    account.ask_new_email(runtime, person_of(runtime, owner.id), PASSWORD, other)
    from kith_platform.auth.service import SignUp, sign_up_company

    sign_up_company(runtime, SignUp(company="Other", name="Oz", email=other, password=PASSWORD))
    with pytest.raises(Conflict, match="another account"):
        account.confirm_email(runtime, path_in(letter_to(runtime, other, "change_email")).rpartition("/")[2])


def test_a_second_factor_is_set_up_shown_and_turned_off(browser: Browser, runtime: Runtime, owner: Owner) -> None:
    browser.sign_in(owner.email)
    page = browser.get("/account/second-factor")
    assert "<svg" in page.text
    assert "style=" not in page.text
    with runtime.doors.auth_scope() as session:
        kept = session.execute(select(WebSession.data).where(WebSession.identity_id == owner.id)).scalar_one()
    secret = str(kept["second_factor_offer"])
    assert browser.send("/account/second-factor", look="/account", code="000000").status_code == 422
    code = credentials_for(runtime.secret_key).current_code(secret)
    done = browser.send("/account/second-factor", look="/account", code=code)
    shown = done.text.partition("<pre")[2].partition("</pre>")[0]
    assert len(re.findall(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}", shown)) == 10
    assert person_of(runtime, owner.id).second_factor
    assert browser.send("/account/recovery-codes", look="/account", codes_current=PASSWORD).status_code == 200
    assert browser.send("/account/second-factor/off", look="/account", off_current="wrong wrong wrong").status_code == 422
    assert browser.send("/account/second-factor/off", look="/account", off_current=PASSWORD).status_code == 302
    assert not person_of(runtime, owner.id).second_factor


def test_name_and_language_are_kept(browser: Browser, runtime: Runtime, owner: Owner) -> None:
    browser.sign_in(owner.email)
    browser.send("/account/name", look="/account", name="Onna", language="zh_Hans")
    person = person_of(runtime, owner.id)
    assert (person.name, person.language) == ("Onna", "zh_Hans")
    assert browser.send("/account/name", look="/account", name="", language="").status_code == 422
