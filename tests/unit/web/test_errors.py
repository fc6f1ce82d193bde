from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from kith_platform import errors
from kith_platform.errors import FieldError, Invalid, KithError, NotFound


def test_an_error_says_its_parameters_in_any_language() -> None:
    error = NotFound("There is no customer %(id)s.", id="C-17")
    assert str(error) == "There is no customer C-17."
    assert error.text({"There is no customer %(id)s.": "没有客户 %(id)s。"}.__getitem__) == "没有客户 C-17。"


def test_a_message_without_parameters_may_hold_a_per_cent_sign() -> None:
    assert str(KithError("Only 5% of the rows fit.")) == "Only 5% of the rows fit."


def test_each_kind_of_error_has_its_own_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, KithError)]
    assert len({kind.code for kind in kinds}) == len(kinds) >= 10


def test_the_api_answers_with_a_problem_document(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    body = answer.get_json()
    assert body["code"] == "not_found"
    assert body["status"] == 404
    assert body["request_id"] == answer.headers["X-Request-Id"]


def test_the_api_names_each_field_that_does_not_fit(client: FlaskClient) -> None:
    answer = client.post("/api/v1/things/", json={"amount": "many"}, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.get_json()["errors"]} == {"name", "amount"}


def test_a_page_shows_what_happened_in_the_readers_language(client: FlaskClient) -> None:
    answer = client.get("/c/harbour/things/nothing", headers={"Accept-Language": "zh-TW"})
    assert answer.status_code == 404
    assert "找不到" in answer.text
    assert 'lang="zh-Hant"' in answer.text


def test_htmx_gets_a_notice_and_the_page_under_it_stays(client: FlaskClient) -> None:
    answer = client.get("/c/harbour/things/wrong/conflict", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.status_code == 409
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#notices", "innerHTML")
    assert "The import orders.csv is running." in answer.text
    assert "<html" not in answer.text


def test_field_errors_stand_on_the_page(client: FlaskClient) -> None:
    answer = client.get("/c/harbour/things/wrong/invalid")
    assert answer.status_code == 422
    assert "There is no name before @." in answer.text


def test_an_unexpected_error_tells_its_number_and_nothing_else(capsys: pytest.CaptureFixture[str], client: FlaskClient) -> None:
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = client.get("/c/harbour/things/wrong/broken")
    assert answer.status_code == 500
    assert "tuna" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    logged = capsys.readouterr().err
    assert "the secret is tuna" in logged
    assert answer.headers["X-Request-Id"] in logged


def test_too_many_says_when_to_come_back(client: FlaskClient) -> None:
    assert client.get("/c/harbour/things/wrong/often").headers["Retry-After"] == "60"


def test_the_fourth_try_in_a_minute_is_refused(client: FlaskClient) -> None:
    answers = [client.get("/c/harbour/things/rare") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert "Wait a minute" in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) <= 60


def test_a_stranger_is_sent_to_sign_in_and_comes_back(client: FlaskClient) -> None:
    client.application._got_first_request = False
    client.application.add_url_rule("/sign-in", "auth.sign_in", lambda: "")
    answer = client.get("/c/harbour/things/wrong/stranger?page=2")
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/c/harbour/things/wrong/stranger?page%3D2"
    piece = client.get("/c/harbour/things/wrong/stranger", headers={"HX-Request": "true"})
    assert piece.headers["HX-Redirect"] == "/sign-in"


def test_field_errors_keep_their_order_for_the_summary() -> None:
    fields = [FieldError("b", "second"), FieldError("a", "first")]
    assert [one.field for one in Invalid(fields=fields).fields] == ["b", "a"]
