from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from kith_platform import i18n
from kith_platform.web import locale


@pytest.mark.parametrize(
    ("tag", "language"),
    [("zh-CN", "zh_Hans"), ("zh", "zh_Hans"), ("zh-TW", "zh_Hant"), ("zh-HK", "zh_Hant"), ("zh_Hant_TW", "zh_Hant"),
     ("zh-Hans-HK", "zh_Hans"), ("en-GB", "en"), ("de", None), ("", None), ("not a tag!", None), (None, None)],
)  # fmt: skip
def test_a_browsers_language_finds_ours(tag: str | None, language: str | None) -> None:
    assert i18n.language_of(tag) == language


def test_large_numbers_are_written_as_chinese_people_say_them() -> None:
    assert i18n.compact(23_500, "zh_Hans") == "2.4万"
    assert i18n.compact(340_000_000, "zh_Hant") == "3.4億"
    assert i18n.compact(23_500, "en") == "23.5K"
    assert i18n.compact(7445.33564, "zh_Hans") == "7445"  # below the first unit, without cents
    assert i18n.compact(5.55, "en") == "5.5"


def test_money_carries_its_currency() -> None:
    assert i18n.money(1234.5, "CNY", "zh_Hans") == "¥1,234.50"
    assert i18n.money(1234.5, "CNY", "en") == "CN¥1,234.50"
    assert i18n.money(1234.5, "JPY", "en") == "¥1,234"
    assert i18n.money(-1_234_567, "USD", "en", short=True) == "-$1.2M"
    assert i18n.money(1_234_567, "CNY", "zh_Hans", short=True) == "¥123.5万"
    assert i18n.money(1234.6, "USD", "en", whole=True) == "$1,235"
    assert i18n.money(5, "SGD", "en") == "SGD\u00a05.00", "a sign of letters stands apart from the number"


def test_times_are_written_in_the_companys_zone() -> None:
    late = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
    assert i18n.moment(late, "zh_Hans", "Asia/Shanghai") == "2026年11月22日 04:30"
    with pytest.raises(ValueError, match="time zone"):
        i18n.moment(late.replace(tzinfo=None), "en", "UTC")


def test_days_months_and_spans_follow_the_language() -> None:
    assert i18n.day(date(2026, 11, 2), "zh_Hans", style="month") == "2026年11月"
    assert i18n.day(date(2026, 11, 2), "en", style="month") == "November 2026"
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert i18n.ago(now - timedelta(hours=3), now, "zh_Hant") == "3 小時前"
    assert i18n.duration(240, "en") == "4 minutes"


def test_marked_messages_are_said_outside_flask() -> None:
    message = i18n.mark("%(done)s of %(total)s")
    assert i18n.translate(message, "zh_Hans", done=3, total=5) == "3 / 5"
    assert i18n.translate("A sentence nobody translated", "zh_Hans") == "A sentence nobody translated"


def test_a_missing_value_says_so(app: Any) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "zh-CN"}):
        for write in (locale.number, locale.money, locale.percent, locale.day, locale.moment, locale.ago, locale.interval):
            assert "暂无数据" in write(None)
        assert "暂无数据" in locale.percent(float("nan"))
        assert "暂无数据" in locale.interval((0.1, None), "percent")
        assert locale.interval((0.041, 0.063), "percent") == "4.1% – 6.3%"
        assert locale.number(0) == "0"


def test_one_template_speaks_each_readers_language(client: FlaskClient) -> None:
    chinese = client.get("/c/harbour/things/", headers={"Accept-Language": "zh-CN"}).text
    english = client.get("/c/harbour/things/", headers={"Accept-Language": "en"}).text
    assert "¥123.5万" in chinese
    assert "CN¥1.2M" in english


def test_the_companys_language_comes_before_the_browsers(client: FlaskClient, person: Any) -> None:
    person.company_language = "zh_Hant"
    assert 'lang="zh-Hant"' in client.get("/c/harbour/things/", headers={"Accept-Language": "en"}).text
    person.language = "zh_Hans"
    assert 'lang="zh-Hans"' in client.get("/c/harbour/things/", headers={"Accept-Language": "en"}).text


def test_the_switch_is_remembered_and_leads_back(client: FlaskClient, person: Any) -> None:
    person.language = "zh_Hans"
    page = client.get("/c/harbour/things/").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post("/language", data={"language": "en", "next": "/c/harbour/things/", "csrf_token": token})
    assert answer.location == "/c/harbour/things/"
    assert 'lang="en"' in client.get("/c/harbour/things/").text
