"""How names, addresses, numbers and companies are written for comparison: what a person takes for the same is the same."""

from __future__ import annotations

import pytest

from kith_platform.duplicates import addresses, companies, contacts, names
from kith_platform.duplicates.prepared import compared


def _sounds(text: str) -> tuple[str, str]:
    found = names.parse(text)
    return found.family_sound, found.given_sound


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("歐陽娜娜", "欧阳娜娜"),
        ("渡邊 太郎", "渡辺太郎"),
        ("張曉明 先生", "张晓明"),
        ("ＴＡＮＡＫＡ Ｔａｒｏ", "Taro Tanaka"),
        ("たなか たろう", "タナカ タロウ"),
        ("Dr. José Núñez", "jose nunez"),
        ("Smith, John", "John Smith"),
        ("Anna van der Berg", "VAN DER BERG, Anna"),
        ("Margaret X. Øster", "Margaret Oster"),
    ],
)
def test_one_name_in_two_spellings_compares_equal(one: str, other: str) -> None:
    left, right = names.parse(one), names.parse(other)
    assert (left.family, left.given) == (right.family, right.given)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("王晓明", "Wang Xiaoming"),
        ("王晓明", "Xiaoming Wang"),
        ("王晓明", "王小铭"),
        ("曾志伟", "Zeng Zhiwei"),
        ("Müller Jörg", "Mueller Joerg"),
        ("Satō Yūko", "Satou Yuuko"),
    ],
)
def test_names_that_sound_alike_compare_by_sound(one: str, other: str) -> None:
    assert _sounds(one) == _sounds(other)


def test_father_and_son_are_told_apart_by_what_follows_the_name() -> None:
    assert (names.parse("Smith, John Jr.").tail, names.parse("John Smith").tail) == ("jr", "")


@pytest.mark.parametrize("nobody", ["Unknown", "n/a", "匿名", "  ", "测试"])
def test_a_placeholder_is_no_name(nobody: str) -> None:
    assert names.parse(nobody) == names.NOBODY


@pytest.mark.parametrize(
    ("text", "region", "digits"),
    [
        ("138-0013-8000", "CN", "8613800138000"),
        ("+86 138 0013 8000", "", "8613800138000"),
        ("（０２）9876 5432", "AU", "61298765432"),
        ("0081 3 1234 5678", "US", "81312345678"),
        ("000000000", "US", ""),
        ("12345", "US", ""),
    ],
)
def test_phone_numbers_carry_their_country(text: str, region: str, digits: str) -> None:
    assert contacts.phone(text, region) == digits


def test_tags_and_dots_of_an_address_do_not_make_another_person() -> None:
    assert contacts.email(" A.Bc+news@GoogleMail.com ") == contacts.email("abc@gmail.com") == "abc@gmail.com"
    assert contacts.email("a.bc@acme.example") != contacts.email("abc@acme.example")
    assert compared(1, 1, "Ann Lee", email="info@acme.example").email is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("19081209", "19081209"),
        ("1990年3月2日", "19900302"),
        ("31/12/1990", "19901231"),
        ("12/31/1990", "19901231"),
        ("1900-01-01", ""),
    ],
)
def test_birth_days_in_many_forms(text: str, day: str) -> None:
    assert contacts.birth(text) == day


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("上海市浦东新区张江路88号5栋301室", "上海市浦东新区張江路８８號5幢301"),
        ("東京都渋谷区神南1-2-3", "東京都渋谷区神南１－２－３"),
        ("6 Tullaroop Street", "6 TULLAROOP ST."),
    ],
)
def test_one_address_in_two_spellings(one: str, other: str) -> None:
    assert addresses.parse(one) == addresses.parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("上海华为技术有限公司", "上海華為技術股份有限公司"),
        ("Acme Trading Co., Ltd.", "ACME Trading Limited"),
        ("株式会社日立製作所", "日立製作所(株)"),
        ("Foo GmbH & Co. KG", "Foo GmbH"),
    ],
)
def test_legal_forms_tell_no_company_from_another(one: str, other: str) -> None:
    assert companies.core(one) == companies.core(other) != ""
    assert companies.is_company(one, None)
    assert companies.is_company(other, None)


def test_a_branch_is_not_its_company() -> None:
    assert companies.core("上海恒泰有限公司北京分公司") != companies.core("上海恒泰有限公司")
