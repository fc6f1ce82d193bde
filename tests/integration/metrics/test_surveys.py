"""Surveys: answered on the public page, by personal links and by staff; what comes of the answers, and what nobody may see."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from kith_platform.audit.models import AuditEntry
from kith_platform.auth import permissions
from kith_platform.customers import erasure
from kith_platform.customers import service as customers
from kith_platform.customers.models import Customer
from kith_platform.facts import entering
from kith_platform.facts.models import SurveyResponse
from kith_platform.facts.person import CONSENT
from kith_platform.segments.models import Segment, SegmentMember
from kith_platform.surveys import links
from kith_platform.surveys.links import Link
from kith_tenants.context import Actor

BOSS = Actor(None, None, "Ada", "owner", permissions.of_role("owner"))
MONTH = f"{dt.datetime.now(dt.UTC):%Y-%m}"
QUESTION = "How likely are you to recommend us to a friend or colleague?"
HANS, HANT = "您有多大可能把我们推荐给朋友或同事？", "您有多大可能把我們推薦給朋友或同事？"
ADDRESSES = (f"172.20.{one // 250}.{one % 250 + 1}" for one in itertools.count())  # limits count by address


class House:
    """A company with its signed-in owner, and strangers with browsers."""

    def __init__(self, made: Any, web: Flask, member_of: Callable[..., Any]) -> None:
        self.made, self.web, self.member_of = made, web, member_of
        self.runtime, self.tenant, self.owner = made.runtime, made.tenant, made.client

    def scope(self) -> Any:
        return self.runtime.doors.tenant_scope(self.tenant.id)

    def api(self, method: str, path: str, client: FlaskClient | None = None, **given: Any) -> TestResponse:
        headers = {"X-Kith-Tenant": self.tenant.slug}
        return (client or self.owner).open(f"/api/v1/surveys{path}", method=method, headers=headers, **given)

    def survey(self, kind: str, **given: Any) -> dict[str, Any]:
        answer = self.api("POST", "", json={"kind": kind, "name": f"Our {kind}", **given})
        assert answer.status_code == 201, answer.text
        return dict(answer.get_json() or {})

    def now(self, survey: dict[str, Any]) -> dict[str, Any]:
        return dict(self.api("GET", f"/{survey['id']}").get_json() or {})

    def person(self, name: str, **given: str) -> uuid.UUID:
        with self.scope() as session:
            return customers.create(session, BOSS, {"name": name, **given}).public_id

    def says(self, customer: uuid.UUID, status: str, channel: str = "email") -> None:
        with self.scope() as session:
            row = customers.get(session, BOSS, customer)
            entering.enter(session, BOSS, CONSENT, {"channel": channel, "status": status}, customer=row)

    def personal(self, survey: dict[str, Any], customer: uuid.UUID) -> str:
        link = Link(self.tenant.public_id, uuid.UUID(survey["id"]), customer)
        return links.PATH + links.token(self.runtime.secret_key, link)

    def stranger(self, language: str = "en") -> FlaskClient:
        client = self.web.test_client(use_cookies=False)
        client.environ_base["REMOTE_ADDR"] = next(ADDRESSES)
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        return client

    def gather(self, survey: dict[str, Any], scores: Iterable[int]) -> None:
        """One stranger for each score."""
        path, secret = path_of(survey), self.runtime.secret_key
        for score in scores:
            proven = links.proof(secret, path.removeprefix(links.PATH))
            assert send(self.stranger(), path, score, proven=proven).status_code == 303

    def rows(self, survey: dict[str, Any]) -> list[Any]:
        with self.scope() as session:
            mine = SurveyResponse.external_id.startswith(uuid.UUID(survey["id"]).hex)
            return list(session.execute(select(SurveyResponse).where(mine).order_by(SurveyResponse.id)).scalars())


def path_of(survey: dict[str, Any]) -> str:
    return links.PATH + str(survey["link"]).rpartition("/")[2]


def proof(page: TestResponse) -> str:
    found = re.search(r'name="proof" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def send(client: FlaskClient, path: str, score: Any, comment: str = "", proven: str = "") -> TestResponse:
    given = proven or proof(client.get(path))
    return client.post(path, data={"proof": given, "score": score, "comment": comment})


def table(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def house(vectors: Callable[..., Any], web: Flask, member_of: Callable[..., Any]) -> House:
    return House(vectors(), web, member_of)


def test_what_people_answer_on_the_public_page_is_what_the_metrics_say(house: House) -> None:
    """30 of 50 would recommend the company and 8 would not; effort five 6, three 7, two 4; of staff 12 of 20, and 3 not."""
    nps, ces, enps = house.survey("nps"), house.survey("ces"), house.survey("enps")
    house.gather(nps, [9, 10] * 15 + [7] * 12 + [0, 6] * 4)
    house.gather(ces, [6] * 5 + [7] * 3 + [4] * 2)
    house.gather(enps, [10] * 12 + [8] * 5 + [6] * 3)
    house.made.compute(MONTH)
    found = house.made.read("cem.nps", MONTH)
    assert (found["value"], found["n"]) == (pytest.approx(44.0), 50)
    assert (found["low"], found["high"]) == (pytest.approx(23.1, abs=0.1), pytest.approx(64.9, abs=0.1))
    assert house.made.read("cem.ces", MONTH)["value"] == pytest.approx(5.9)
    assert house.made.read("cim.mot.enps", MONTH)["value"] == pytest.approx(45)
    told = house.now(nps)
    assert (told["value"], told["answered"], told["few"]) == (pytest.approx(44.0), 50, False)
    assert {one["score"]: one["answers"] for one in told["counts"]} == {
        **dict.fromkeys(range(11), 0),
        9: 15,
        10: 15,
        7: 12,
        0: 4,
        6: 4,
    }
    assert (house.now(ces)["value"], house.now(ces)["few"], house.now(enps)["value"]) == (
        pytest.approx(5.9),
        True,
        pytest.approx(45),
    )
    page = house.owner.get(f"/c/{house.tenant.slug}/surveys/{nps['id']}?qr=1")
    assert page.status_code == 200
    assert "/metrics/cem.nps" in page.text
    assert ">44<" in page.text
    assert 'class="qr"' in page.text


def test_the_page_speaks_three_languages_and_tells_nothing_but_the_company(house: House, client_for: Callable[..., Any]) -> None:
    member_elsewhere = client_for("owner")
    member_elsewhere.get(f"/c/{member_elsewhere.slug}/")
    path = path_of(house.survey("nps"))
    for language, question in (("en-GB,en", QUESTION), ("zh-CN", HANS), ("zh-TW,zh", HANT), ("fr", QUESTION)):
        page = house.stranger(language).get(path)
        assert page.status_code == 200
        assert question in page.text
        assert "Set-Cookie" not in page.headers
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert page.headers["Cache-Control"] == "private, no-store"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text
        assert "Vectors" in page.text
        assert "Our nps" not in page.text
    chosen = house.stranger("en").get(path, query_string={"language": "zh_Hant"})
    assert HANT in chosen.text
    assert '<html lang="zh-Hant"' in chosen.text
    own = house.survey("csat", questions={"en": "Was the <b>tea</b> hot?"})
    assert "Was the &lt;b&gt;tea&lt;/b&gt; hot?" in house.stranger().get(path_of(own)).text
    assert "您对我们的满意程度如何？" in house.stranger("zh-CN").get(path_of(own)).text
    assert "Vectors" in member_elsewhere.get(path_of(own)).text  # who is signed in elsewhere sees what everybody sees


def test_a_personal_link_answers_once_and_for_its_customer(house: House) -> None:
    survey, lin = house.survey("nps", touchpoint="delivery"), house.person("Lin")
    path, client = house.personal(survey, lin), house.stranger("zh-CN")
    wrong = send(client, path, 11, "好")
    assert (wrong.status_code, "请选择一个数字。" in wrong.text, "好" in wrong.text) == (422, True, True)
    assert send(client, path, 3, "Late").headers["Location"].startswith(f"{path}/thanks")
    assert "谢谢" in client.get(f"{path}/thanks").text
    page = client.get(path)
    assert "Late" not in page.text
    assert send(client, path, 9, "Better now").status_code == 303
    [row] = house.rows(survey)
    assert (row.score, row.comment, row.touchpoint, row.scale, row.source) == (9, "Better now", "delivery", "0-10", "kith")
    seen = house.owner.get(f"/c/{house.tenant.slug}/customers/{lin}", query_string={"show": "service"}).text
    assert "Rated 9 (recommendation)" in seen
    assert "Better now" in seen
    [told] = (house.api("GET", f"/{survey['id']}/answers").get_json() or {})["answers"]
    assert (told["customer"], told["score"]) == (str(lin), 9)
    with house.scope() as session:
        old = dt.datetime.now(dt.UTC) - dt.timedelta(days=31)
        session.execute(update(SurveyResponse).where(SurveyResponse.id == row.id).values(answered_at=old))
    late = client.get(path)
    assert (late.status_code, "您的回答仍然有效" in late.text) == (410, True)
    assert client.post(path, data={"proof": proof(page), "score": 0}).status_code == 410
    assert [one.score for one in house.rows(survey)] == [9]


def test_a_form_sent_twice_is_one_answer(house: House) -> None:
    survey, client = house.survey("csat"), house.stranger()
    path = path_of(survey)
    proven = proof(client.get(path))
    for score in (2, 4):
        assert send(client, path, score, proven=proven).status_code == 303
    assert [one.score for one in house.rows(survey)] == [4]
    assert send(client, path, 5).status_code == 303
    assert house.now(survey)["answered"] == 2
    other = path_of(house.survey("csat"))
    assert send(client, other, 4, proven=proven).status_code == 400  # the proof is of another page
    assert client.post(other, data={"score": 4}).status_code == 400


def test_links_that_lead_nowhere_say_so(house: House, vectors: Callable[..., Any]) -> None:
    survey, gone = house.survey("nps"), house.person("Gone")
    path, personal, client = path_of(survey), house.personal(survey, gone), house.stranger()
    ready = proof(client.get(path))
    with house.scope() as session:
        erasure.erase(session, BOSS, customers.get(session, BOSS, gone), house.runtime.facts)
    assert client.get(personal).status_code == 410
    for damaged in (path[:-1], path[:-1] + ("A" if path[-1] != "A" else "B"), links.PATH + "x", links.PATH + "A" * 300):
        page = client.get(damaged)
        assert page.status_code == 404
        assert "There is no survey at this address" in page.text
        assert "Vectors" not in page.text
    theirs = House(vectors(), house.web, house.member_of)
    foreign = Link(house.tenant.public_id, uuid.UUID(theirs.survey("nps")["id"]))
    mixed = links.PATH + links.token(house.runtime.secret_key, foreign)
    assert client.get(mixed).status_code == 404
    assert house.api("GET", f"/{foreign.survey}").status_code == 404
    assert house.api("POST", f"/{survey['id']}/closed").status_code == 200
    assert client.get(path).status_code == 410
    assert client.post(path, data={"proof": ready, "score": 9}).status_code == 410
    assert house.rows(survey) == []
    assert house.api("DELETE", f"/{survey['id']}/closed").get_json()["state"] == "open"  # type: ignore[index]
    assert client.get(path).status_code == 200


def test_staff_answer_without_a_name(house: House) -> None:
    survey, lin = house.survey("enps", unit="north"), house.person("Lin")
    for path in ("answers", "links"):
        sent = {"customer": str(lin), "score": 9} if path == "answers" else {"customers": [str(lin)], "channel": "post"}
        assert house.api("POST", f"/{survey['id']}/{path}", json=sent).status_code == 409
    for score in (10, 9, 8, 0):
        assert send(house.stranger(), path_of(survey), score, f"said {score}").status_code == 303
    told, page = house.now(survey), f"/c/{house.tenant.slug}/surveys/{survey['id']}"
    assert (told["answered"], told["value"], told["counts"]) == (4, None, [])
    assert "said 0" not in house.owner.get(page).text
    assert send(house.stranger(), path_of(survey), 9, "said 9 too").status_code == 303
    assert house.now(survey)["value"] == pytest.approx(40)
    found = house.api("GET", f"/{survey['id']}/answers").get_json() or {}
    assert (found["answers"], len(found["comments"])) == ([], 5)
    assert "said 0" in house.owner.get(page).text
    assert {(row.record_id, row.unit) for row in house.rows(survey)} == {(None, "north")}
    with house.scope() as session:
        entries = select(AuditEntry.action).where(AuditEntry.subject == f"survey:{survey['id']}")
        assert list(session.execute(entries).scalars()) == ["survey:created"]  # nor does the audit trail know who answered


def test_who_sends_too_much_has_to_wait(house: House) -> None:
    path, client = path_of(house.survey("nps")), house.stranger()
    codes = [client.post(path, data={"score": 9}).status_code for _ in range(31)]
    assert codes == [400] * 30 + [429]


def test_personal_links_leave_out_who_does_not_want_them(house: House) -> None:
    survey, slug = house.survey("nps"), house.tenant.slug
    names = ("agreed", "silent", "refused", "shared", "both")
    people = {name: house.person(name, email=f"{name}@shop.example") for name in names}
    people |= {"nowhere": house.person("nowhere"), "twin": house.person("twin", email="shared@shop.example")}
    house.says(people["agreed"], "granted")
    house.says(people["refused"], "refused")
    house.says(people["twin"], "refused")
    house.says(people["both"], "refused")
    house.says(people["both"], "granted")
    with house.scope() as session:
        segment = Segment(name="Everybody", dynamic=False, rule={})
        session.add(segment)
        session.flush()
        ids = session.execute(select(Customer.id).where(Customer.public_id.in_(people.values()))).scalars()
        session.add_all(SegmentMember(segment_id=segment.id, customer_id=one) for one in ids)
        chosen = str(segment.public_id)
    page = f"/c/{slug}/surveys/{survey['id']}/links.csv"

    def told(**given: str) -> set[str]:
        return {row["name"] for row in table(house.owner.post(page, data=given))}

    assert told(segment=chosen, channel="email") == {"agreed", "silent", "both"}
    assert told(segment=chosen, channel="email", agreed="1") == {"agreed", "both"}
    assert told(customers="silent@shop.example\nnobody", channel="email") == {"silent"}
    assert house.owner.post(page, data={"channel": "email"}).status_code == 422
    assert house.owner.post(page, data={"customers": "nobody", "channel": "email"}).status_code == 422
    asked = house.now(survey)
    assert (asked["sent"], asked["answered"], asked["value"]) == (3, 0, None)
    made = house.api("POST", f"/{survey['id']}/links", json={"customers": [str(people["silent"])], "channel": "post"})
    [one] = (made.get_json() or {})["links"]
    assert send(house.stranger(), links.PATH + one["link"].rpartition("/")[2], 10).status_code == 303
    assert (house.now(survey)["sent"], house.now(survey)["answered"]) == (3, 1)
    own = house.member_of(house.tenant, "analyst", "own")
    assert table(own.post(page, data={"segment": chosen, "channel": "email"})) == []
    assert (house.api("GET", f"/{survey['id']}/answers", own).get_json() or {})["answers"] == []
    assert house.member_of(house.tenant, "agent").post(page, data={"segment": chosen, "channel": "email"}).status_code == 403


def test_an_agent_enters_what_a_customer_said_on_the_phone(house: House) -> None:
    survey, lin = house.survey("csat"), house.person("Lin")
    agent = house.member_of(house.tenant, "agent", "all")
    page = f"/c/{house.tenant.slug}/surveys/{survey['id']}/answer"
    assert "Our csat" in agent.get(f"/c/{house.tenant.slug}/surveys/of/{lin}").text
    assert str(lin) in agent.get(page, query_string={"q": "Lin"}).text
    asked = {"customer": str(lin)}
    assert agent.post(page, query_string=asked, data={"score": "6"}).status_code == 422
    assert agent.post(page, query_string=asked, data={"score": "2", "comment": "Cold"}).status_code == 302
    assert agent.post(page, query_string=asked, data={"score": "5"}).status_code == 409
    assert [row.score for row in house.rows(survey)] == [2]
    assert house.api("POST", "", agent, json={"kind": "nps", "name": "Mine"}).status_code == 403
    assert house.api("POST", "", json={"kind": "nps", "name": " "}).status_code == 422
    with house.scope() as session:
        entry = select(AuditEntry.detail).where(AuditEntry.action == "survey:answered")
        assert session.execute(entry).scalar_one() == {"customer": str(lin), "score": 2}
    listed = house.api("GET", "", query_string={"limit": 1}).get_json() or {}
    assert [one["id"] for one in listed["surveys"]] == [survey["id"]]
    older = house.api("GET", "", query_string={"limit": 1, "after": listed["next"]}).get_json() or {}
    assert older["surveys"][0]["id"] != survey["id"]
    assert "Our csat" in agent.get(f"/c/{house.tenant.slug}/surveys/").text
