"""What Kith takes a column for, from its name and a few of its values."""

from __future__ import annotations

import polars as pl
import pytest

from kith_platform.attributes.guessing import guess, key_of


def column(*texts: str | None) -> pl.Series:
    return pl.Series(list(texts), dtype=pl.String)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (("1,200.50", "3.5", "12"), "number"),
        (("0012", "0417", "0009"), "text"),  # a code that looks like a number
        (("110101199003071234", "110101198805051234"), "text"),
        (("yes", "no", "yes", None), "boolean"),
        (("是", "否", "是"), "boolean"),
        (("2024-03-05", "2023-11-30", "n/a"), "date"),
        (("05/03/2024", "30/11/2023"), "date"),
        (("2024年3月5日", "2023年11月30日"), "date"),
        (("Gold", "gold", "Tin", "Gold", "Tin", "Gold"), "choice"),
        (("金卡", "银卡", "金卡", "金卡", "银卡", "金卡"), "choice"),
        (("likes tea", "called twice", "moved"), "text"),
        ((None, "", "n/a"), "text"),
    ],
)
def test_the_kind_of_a_column_is_guessed_from_its_values(texts: tuple[str | None, ...], kind: str) -> None:
    assert guess("Column", column(*texts), "shop", ()).kind == kind


def test_choices_are_spelled_as_they_are_spelled_most_often() -> None:
    found = guess("Tier", column("Gold", "gold", "Gold", "TIN", "Tin", "Tin", "Tin"), "shop", ())
    assert found.choices == ("Tin", "Gold")


def test_a_date_column_remembers_how_it_writes_its_days() -> None:
    assert guess("Renewal", column("31/12/2024", "05/03/2024"), "shop", ()).columns[0].format.order == "dmy"


@pytest.mark.parametrize("name", ["Health notes", "IBAN", "宗教信仰", "身份证号", "Ethnicity", "Number of children"])
def test_what_is_nobodys_business_is_taken_for_sensitive_and_kept_from_models(name: str) -> None:
    found = guess(name, column("x"), "shop", ())
    assert found.sensitive
    assert not found.in_models


@pytest.mark.parametrize(
    ("name", "timing"), [("Birthplace", "current"), ("First channel", "fixed"), ("籍贯", "fixed"), ("Plan", "current")]
)
def test_only_what_says_so_is_taken_for_unchanging(name: str, timing: str) -> None:
    assert guess(name, column("x"), "shop", ()).timing == timing


def test_keys_are_words_of_the_label_and_nobody_elses() -> None:
    assert key_of("Loyalty Tier (2024)", ()) == "loyalty_tier"
    assert key_of("会员等级", ()) == "huiyuandengji"
    assert key_of("3rd party", ()) == "a_3rd_party"
    assert key_of("Tier", {"tier", "tier_2"}) == "tier_3"
    assert key_of("???", ()) == "a"
