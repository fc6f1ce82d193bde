"""Everything Kith says, it says in three languages."""

from __future__ import annotations

import re

from babel.messages.catalog import Message

from kith_platform.web.translations import build

_PARAMETER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
# Characters that only simplified Chinese has, among the commonest.
_SIMPLIFIED = re.compile(
    "[们个为这来对时说过还没样现发将会与书东车长门问间关开见观贝负财货质贸买卖头实写军农冲决况净减几击则创别办务动劳势区医华协单]"
)


def forms(part: object) -> list[str]:
    """A message's or translation's plural forms, or its one text."""
    return [str(one) for one in part] if isinstance(part, (tuple, list)) else [str(part)]


def parameters(texts: list[str]) -> set[str]:
    return {name for text in texts for name in _PARAMETER.findall(text)}


def all_translations(language: str) -> list[Message]:
    return [message for message in build.merged(language)[0] if message.id]


def test_every_message_has_both_chinese_translations() -> None:
    assert [str(one) for one in build.missing()] == []


def test_translations_keep_the_parameters_of_their_message() -> None:
    wrong = [
        f"{language}: {message.id!r} → {message.string!r}"
        for language in build.LANGUAGES
        for message in all_translations(language)
        if parameters(forms(message.id)) != parameters(forms(message.string))
    ]
    assert wrong == []


def test_traditional_chinese_uses_its_own_characters() -> None:
    found = [text for message in all_translations("zh_Hant") for text in forms(message.string) if _SIMPLIFIED.search(text)]
    assert found == []


def test_no_two_parts_translate_one_message_differently() -> None:
    assert [warning for language in build.LANGUAGES for warning in build.merged(language)[1]] == []
