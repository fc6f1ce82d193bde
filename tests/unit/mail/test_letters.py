"""Messages are well formed, in three languages, and nobody adds headers of their own."""

from __future__ import annotations

import pytest

from kith_platform.mail import texts
from kith_platform.mail.sealed import seal, unseal
from kith_platform.mail.sender import Letter, NotSent, compose

FILLED = {"who": "Ada", "company": "Kith", "email": "a@kith.example", "link": "https://kith.example/x"}


@pytest.mark.parametrize("kind", texts.TEXTS)
@pytest.mark.parametrize("language", ["en", "zh_Hans", "zh_Hant"])
def test_every_text_can_be_written_in_every_language(kind: str, language: str) -> None:
    subject, body = texts.written(kind, language, **FILLED)
    assert subject
    assert "%(" not in subject + body
    assert "\n" not in subject


def test_a_company_called_with_line_breaks_adds_no_header() -> None:
    subject, _body = texts.written("invitation", "en", **{**FILLED, "company": "Kith\r\nBcc: all@kith.example"})
    message = compose(Letter("a@kith.example", subject, "text", "key"), "Kith <kith@kith.example>")
    assert message["Bcc"] is None


@pytest.mark.parametrize("place", ["recipient", "subject"])
def test_line_breaks_in_headers_are_refused(place: str) -> None:
    given = {"recipient": "a@kith.example", "subject": "Hello", place: "x\r\nBcc: all@kith.example"}
    with pytest.raises(NotSent, match="line break"):
        compose(Letter(given["recipient"], given["subject"], "text", "key"), "kith@kith.example")


def test_a_message_sent_again_carries_the_same_id() -> None:
    first, second = (compose(Letter("a@kith.example", "Hello", "text", "key"), "K <k@kith.example>") for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"] == "<key@kith.example>"


def test_chinese_travels() -> None:
    message = compose(Letter("a@kith.example", "邀请您加入", "您好，\n请打开链接。", "key"), "Kith <k@kith.example>")
    assert message["Subject"] == "邀请您加入"
    assert "请打开链接" in message.get_content()
    assert message.as_bytes().isascii()


def test_a_sealed_text_says_nothing_and_opens_with_its_own_key_alone() -> None:
    sealed = seal("one key", "https://kith.example/reset/abc")
    assert "reset" not in sealed
    assert unseal("one key", sealed) == "https://kith.example/reset/abc"
    assert unseal("another key", sealed) is None
