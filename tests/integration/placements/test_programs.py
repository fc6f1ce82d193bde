"""Placements for programs: definitions, maps, pages of customers, moves and one customer's standing, by rights and by company."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from kith_platform.cli import root
from kith_platform.cli.placements import placements

D, DAY = dt.date, dt.timedelta(days=1)
END = D(2025, 9, 30)


@pytest.fixture
def placed(company: Any) -> Any:
    company.set(usual_gap_days="200")
    known = company.people([f"p{number}" for number in range(5)], since=END - 300 * DAY)
    for number, record in enumerate(known.values()):
        if number:
            company.orders(record, [END - (40 + 30 * back) * DAY for back in range(number)], 10 * number)
    company.fact("ticket", known["p0"], END)
    company.refresh()
    return company


def test_programs_read_what_pages_show(placed: Any, client_for: Callable[..., Any]) -> None:
    client = client_for("analyst")
    head = {"X-Kith-Tenant": client.slug}
    offered = {one["key"]: one for one in client.get("/api/v1/placements", headers=head).json["placements"]}
    assert {"group", "lifecycle", "rfm", "abc_xyz", "cohort", "beginning"} <= set(offered)
    assert offered["group"]["last_day"] == END.isoformat()
    assert offered["group"]["columns"][0]["labels"]["E"] == "Best"

    shown = client.get("/api/v1/placements/group", headers=head).json
    assert sum(cell["customers"] for cell in shown["cells"]) == 5
    assert shown["limits"]["quarter"] == "2025-07-01"
    assert client.get("/api/v1/placements/nothing", headers=head).status_code == 404

    seen, after = [], None
    while True:
        asked = {"limit": 2, **({"after": after} if after else {})}
        page = client.get("/api/v1/placements/group/customers", query_string=asked, headers=head).json
        seen += page["customers"]
        if not (after := page["next"]):
            break
    assert len({one["customer"] for one in seen}) == 5
    only = client.get("/api/v1/placements/group/customers", query_string={"code": "A"}, headers=head).json["customers"]
    assert [one["customer"] for one in only] == [one["customer"] for one in seen if one["code"] == "A"]

    one = client.get(f"/api/v1/customers/{only[0]['customer']}/placements", headers=head).json
    assert one["placements"]["lifecycle"]["code"] == "acquisition"
    moves = client.get("/api/v1/placements/group/moves", query_string={"span": "year"}, headers=head).json
    assert moves["end"] == END.isoformat()
    rows: dict[str, float] = {}
    for cell in moves["moves"]:
        if cell["start"]:
            rows[cell["start"]] = rows.get(cell["start"], 0) + cell["share"]
    assert rows
    assert all(total == pytest.approx(1) for total in rows.values())


def test_who_sees_no_customer_counts_none_and_another_company_has_none_of_it(
    placed: Any, client_for: Callable[..., Any], other_tenant: Any
) -> None:
    everybody, narrow = client_for("analyst"), client_for("analyst", reach="own")
    head = {"X-Kith-Tenant": everybody.slug}
    listed = everybody.get("/api/v1/placements/group/customers", headers=head).json["customers"]
    one = listed[0]["customer"]
    assert narrow.get("/api/v1/placements/group/customers", headers=head).json["customers"] == []
    assert sum(cell["customers"] for cell in narrow.get("/api/v1/placements/group", headers=head).json["cells"]) == 0
    assert narrow.get(f"/api/v1/customers/{one}/placements", headers=head).status_code == 404
    assert narrow.get("/api/v1/placements/group/moves", headers=head).json["moves"] == []

    stranger = client_for("owner", tenant=other_tenant)
    theirs = {"X-Kith-Tenant": stranger.slug}
    assert stranger.get(f"/api/v1/customers/{one}/placements", headers=theirs).status_code == 404
    assert stranger.get("/api/v1/placements/group/customers", query_string={"after": one}, headers=theirs).status_code == 404


def test_the_command_prints_codes_and_limits(placed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root.Console, "runtime", placed.runtime)
    monkeypatch.setattr(root.Console, "close", lambda _self: None)
    told = CliRunner().invoke(placements, [placed.tenant.slug, "--key", "group", "--json"], catch_exceptions=False)
    (group,) = json.loads(told.stdout)["placements"]
    assert sum(cell["customers"] for cell in group["codes"]) == 5
    assert (group["last_day"], group["limits"]["quarter"]) == (END.isoformat(), "2025-07-01")
