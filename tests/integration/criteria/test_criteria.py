"""Records of success criteria: agreed, signed, scored, replaced, withdrawn, and by whom they can be seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kith_platform.audit import service as audit
from kith_platform.auth import members
from kith_platform.auth.who import system
from kith_platform.criteria import service
from kith_platform.facts.models import Initiative
from kith_platform.metrics import service as metrics
from kith_platform.metrics.periods import of_text
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

KEY = "cim.loy.repeat"
SOON = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=200)).isoformat()
Api = Callable[..., Any]


def owner_of(api: Api, runtime: Runtime, tenant: TenantContext) -> str:
    client = api("GET", "/criteria").member
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        return str(members.by_id(session, client.member_id).public_id)


def value_of(runtime: Runtime, tenant: TenantContext, key: str, month: str) -> float:
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        found = metrics.series(session, [key], of_text(month))[key][-1][1]
    assert found is not None
    assert found.value is not None
    return found.value


@pytest.fixture
def asked(api: Api, runtime: Runtime, stocked: TenantContext) -> dict[str, Any]:
    return {
        "key": KEY,
        "baseline_month": "2025-06",
        "target": 0.99,
        "owner": owner_of(api, runtime, stocked),
        "due_on": SOON,
    }


def problems(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {one["field"]: one["message"] for one in answer.json["errors"]}


def test_a_signed_record_freezes_the_months_value_and_the_scorecard_judges_by_it(
    api: Api, runtime: Runtime, stocked: TenantContext, asked: dict[str, Any]
) -> None:
    baseline = value_of(runtime, stocked, KEY, "2025-06")
    made = api("POST", "/criteria", json=asked)
    assert made.status_code == 201, made.text
    assert (made.json["state"], made.json["baseline"], made.json["baseline_month"]) == ("draft", baseline, "2025-06-01")

    def line() -> dict[str, Any]:
        [card] = [one for one in api("GET", "/scorecards?period=2025-11").json["scorecards"] if one["key"] == "cim"]
        [found] = [one for part in card["parts"] for one in part["metrics"] if one["key"] == KEY]
        return {**found, "card": card}

    assert (line()["state"], line()["score"]) == ("not_agreed", None)  # a draft counts nothing
    path = f"/criteria/{made.json['id']}"
    assert api("POST", f"{path}/sign", role="viewer").status_code == 403
    signed = api("POST", f"{path}/sign")
    assert (signed.json["state"], signed.json["version"]) == ("signed", 1)
    now = value_of(runtime, stocked, KEY, "2025-11")
    expected = min(100, max(0, 50 + 50 * (now - baseline) / (0.99 - baseline)))
    found = line()
    assert (found["value"], found["score"]) == (pytest.approx(now), pytest.approx(expected))
    card = found["card"]
    assert card["value"] == pytest.approx(expected)
    assert (card["index"], card["provisional"]) == (None, True)  # one criterion of sixteen is no index
    assert card["coverage"] == pytest.approx(16 / 217)
    assert {one["key"]: round(one["coverage"], 4) for one in card["profiles"]} == {
        "sap": round(16 / 217, 4),
        "equal": 0.0625,
        "outcome": round(16 / 68 * 0.6, 4),
    }
    assert [one["month"] for one in card["trend"]][-1] == "2025-11"
    assert card["trend"][-1]["value"] == pytest.approx(expected)
    half_year_ago = next(one for one in card["trend"] if one["month"] == "2025-06")
    assert half_year_ago["value"] == pytest.approx(50)

    refused = api("PUT", path, json=asked)
    assert refused.status_code == 409
    with runtime.doors.tenant_scope(stocked.id) as session:
        later = service.draft(session, system(), runtime.plugins, {**asked, "target": 0.9})
        service.sign(session, system(), later)
    old = api("GET", path).json
    assert (old["state"], old["target"]) == ("replaced", 0.99)  # kept as it was
    [force] = api("GET", f"/criteria?state=signed&key={KEY}").json["criteria"]
    assert (force["version"], force["target"]) == (2, 0.9)
    with runtime.doors.tenant_scope(stocked.id, read_only=True) as session:
        [only] = [one for one in service.signed(session) if one.key == KEY]
        assert (only.grain, only.unit, only.baseline, only.target) == ("tenant", "", baseline, 0.9)
        seen = [entry.action for entry in audit.page(session, audit.Filter(action="criterion"))]
    assert seen[:3] == ["criterion:signed", "criterion:drafted", "criterion:signed"]

    assert "reason" in problems(api("POST", f"/criteria/{force['id']}/withdraw", json={}))
    gone = api("POST", f"/criteria/{force['id']}/withdraw", json={"reason": "another plan"})
    assert (gone.json["state"], gone.json["ended_reason"]) == ("withdrawn", "another plan")
    assert line()["state"] == "not_agreed"
    assert api("POST", f"/criteria/{force['id']}/withdraw", json={"reason": "again"}).status_code == 409


def test_what_makes_no_sense_is_refused_at_its_field(api: Api, asked: dict[str, Any]) -> None:
    by_hand = {**asked, "baseline_month": "", "baseline": 0.5, "baseline_reason": "survey of last year"}
    wrong = [
        ({**by_hand, "target": 0.5}, "target", "equals the baseline"),
        ({**by_hand, "target": 0.4}, "target", "Higher is better"),
        ({**by_hand, "key": "cem.time_between", "target": 0.9}, "key", "Choose a metric"),
        ({**by_hand, "baseline_reason": ""}, "baseline_reason", "Say where"),
        ({**asked, "baseline_month": "2019-01"}, "baseline_month", "no value"),
        ({**asked, "baseline_month": "June"}, "baseline_month", "months of the list"),
        ({**asked, "owner": "01890a5d-ac96-774b-bcce-b302099a8057"}, "owner", "not a member"),
        ({**asked, "due_on": "2020-01-01"}, "due_on", "is over"),
        ({**asked, "initiative": "nobody knows"}, "initiative", "no initiative"),
    ]
    for given, field, words in wrong:
        found = problems(api("POST", "/criteria", json=given))
        assert words in found[field], (field, found)
    assert api("POST", "/criteria", role="agent", json=by_hand).status_code == 403


def test_an_initiative_learns_when_its_criteria_were_signed_first(
    api: Api, runtime: Runtime, stocked: TenantContext, asked: dict[str, Any]
) -> None:
    started = (dt.datetime.now(dt.UTC) + dt.timedelta(days=9)).date().isoformat()
    made = api("POST", "/returns/initiatives", json={"name": "Second cup", "started_at": started, "code": "CUP"})
    assert (made.status_code, made.json["criteria_agreed_before_start"]) == (201, False)
    given = {**asked, "key": "cem.second_purchase", "initiative": "CUP", "baseline_month": "", "baseline": "30%"}
    given |= {"baseline_reason": "pilot", "target": 0.4, "baseline": 0.3}
    assert api("POST", "/criteria", json={**given, "sign": True}).json["state"] == "signed"
    assert api("GET", f"/returns/{made.json['id']}").json["criteria_agreed_before_start"] is True
    with runtime.doors.tenant_scope(stocked.id, read_only=True) as session:
        row = session.query(Initiative).filter_by(external_id="CUP").one()
        first = row.record_signed_at
    api("POST", "/criteria", json={**given, "target": 0.5, "sign": True})
    with runtime.doors.tenant_scope(stocked.id, read_only=True) as session:
        assert session.query(Initiative).filter_by(external_id="CUP").one().record_signed_at == first
        [company_wide] = [one for one in service.signed(session) if one.key == "cem.second_purchase"]
    assert company_wide.target == 0.5
    with runtime.doors.tenant_scope(stocked.id) as session:
        general = service.draft(session, system(), runtime.plugins, {**given, "initiative": "", "target": 0.6})
        service.sign(session, system(), general)
        [standing] = [one for one in service.signed(session) if one.key == "cem.second_purchase"]
    assert standing.target == 0.6  # the company's own goes before an initiative's


def test_the_pages_sign_and_show_the_score(client_for: Callable[..., Any], runtime: Runtime, stocked: TenantContext) -> None:
    client = client_for("analyst", tenant=stocked)
    at = f"/c/{stocked.slug}"
    listed = client.get(f"{at}/scorecards/cim")
    assert "No agreed criteria yet" in listed.text
    assert client.get(f"{at}/criteria/new").status_code == 200
    form = client.get(f"{at}/criteria/new?key=cim.dq.index")
    assert "The score is 50 at the baseline" in form.text
    with runtime.doors.tenant_scope(stocked.id, read_only=True) as session:
        mine = str(members.by_id(session, client.member_id).public_id)
    given = {"key": "cim.dq.index", "baseline": "10%", "baseline_reason": "guess", "target": "5%", "owner": mine, "due_on": SOON}
    refused = client.post(f"{at}/criteria/new", data={**given, "do": "sign"})
    assert refused.status_code == 422
    assert "Higher is better here" in refused.text
    assert 'value="5%"' in refused.text  # nothing typed is lost
    done = client.post(f"{at}/criteria/new", data={**given, "target": "95%", "do": "sign"}, follow_redirects=True)
    assert "Signed. From now on it is judged by this." in done.text
    assert "/ 100" in done.text
    card = client.get(f"{at}/scorecards/cim")
    assert "provisional" in card.text
    assert "what vendors praise, not what it is worth" in card.text
    for path in ("scorecards/", "scorecards/cem", "scorecards/goals", "criteria/", "returns/"):
        for language in ("en", "zh-CN", "zh-TW"):
            client.set_cookie("kith_language", language)
            assert client.get(f"{at}/{path}").status_code == 200, path
    assert client.get(f"{at}/scorecards/no-such").status_code == 404
    viewer = client_for("viewer", tenant=stocked)
    assert viewer.get(f"{at}/criteria/").status_code == 200
    assert viewer.get(f"{at}/criteria/new").status_code == 403


def test_another_company_sees_none_of_it(api: Api, other_tenant: TenantContext, asked: dict[str, Any]) -> None:
    made = api("POST", "/criteria", json={**asked, "key": "cem.second_purchase", "baseline_month": "2025-06"})
    assert made.status_code == 201, made.text
    assert api("GET", f"/criteria/{made.json['id']}", tenant=other_tenant).status_code == 404
    assert api("GET", "/criteria", tenant=other_tenant).json["criteria"] == []
    empty = api("GET", "/scorecards", tenant=other_tenant).json
    assert (empty["period"], empty["scorecards"]) == (None, [])
    stolen = api("POST", "/criteria", tenant=other_tenant, json=asked)
    assert {"key", "owner"} <= set(problems(stolen))


def test_pages_of_records_follow_one_another(api: Api, runtime: Runtime, stocked: TenantContext, asked: dict[str, Any]) -> None:
    for number in range(3):
        api("POST", "/criteria", json={**asked, "note": f"draft {number}"})
    seen: list[str] = []
    after = ""
    while True:
        page = api("GET", f"/criteria?state=draft&key={KEY}&limit=2{after}").json
        seen += [one["note"] for one in page["criteria"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen[:3] == ["draft 2", "draft 1", "draft 0"]
    assert len(seen) == len(set(seen)) >= 3
