"""What own questions say of customers, on their pages: the chance to who sees scores, reasons to who sees what is sensitive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kith_platform.customers.models import Attribute, Customer
from kith_platform.i18n import percent
from kith_platform.labelled.models import OwnQuestion
from kith_platform.predict import versions
from kith_platform.predict.models import Score
from kith_platform.segments import vocabulary
from kith_tenants.context import Actor, Reach

TASK = "custom:visits.left"


def score_of(desk: Any, task: str, name: str) -> tuple[Score, Any]:
    """A customer's score, and the customer's public id."""

    def found(session: Session) -> Any:
        return session.execute(
            select(Score, Customer.public_id)
            .join(Customer, Customer.id == Score.customer_id)
            .where(Score.task == task, Customer.name == name)
        ).one()

    score, public_id = desk.do(found)
    return score, public_id


def page(client: Any, public_id: Any, language: str = "en") -> str:
    client.set_cookie("kith_language", language)
    answer = client.get(f"/c/{client.slug}/customers/{public_id}")
    assert answer.status_code == 200
    found: str = answer.text
    return found


def test_a_customers_page_shows_the_chance_and_reasons_to_whom_they_are_for(
    desk: Any, visited: dict[str, Any], member_of: Callable[..., Any]
) -> None:
    assert visited["inserted"] == 900
    assert desk.train("left", keep=("religion",))["verdict"] == "better_than_baseline"
    score, public_id = score_of(desk, TASK, "Customer 7")
    assert score.reasons
    question = desk.do(lambda session: session.execute(select(OwnQuestion.public_id)).scalar_one())
    viewer, owner = member_of(desk.tenant, "viewer"), member_of(desk.tenant, "owner")
    plain, clear = page(viewer, public_id), page(owner, public_id)
    for shown in (plain, clear):
        assert f"/questions/{question}" in shown
        assert percent(score.value, "en", digits=0) in shown
        assert "Chance of “left = yes” as of Sep" in shown
        assert "asked of: visits" in shown
    side = "yes" if score.reasons[0]["effect"] > 0 else "no"
    assert f"Typical of “left = {side}”:" in clear
    assert "visits: " in clear or "plan: " in clear or "religion: " in clear
    assert "Typical of “left" not in plain
    assert f"“left = {side}”的典型特征：" in page(owner, public_id, "zh_Hans")
    assert "「left = yes」的可能性" in page(viewer, public_id, "zh_Hant")


def test_a_score_of_a_version_that_does_not_serve_is_not_shown(
    desk: Any, visited: dict[str, Any], member_of: Callable[..., Any]
) -> None:
    assert visited["inserted"] == 900
    owner, public_id = member_of(desk.tenant, "owner"), score_of(desk, TASK, "Customer 7")[1]
    desk.do(lambda session: session.execute(update(Score).where(Score.task == TASK).values(version=Score.version + 1)))
    assert "Chance of “left = yes”" not in page(owner, public_id)
    desk.do(lambda session: session.execute(update(Score).where(Score.task == TASK).values(version=Score.version - 1)))
    assert "Chance of “left = yes”" in page(owner, public_id)
    desk.do(lambda session: versions.retire(session, versions.champion(session, TASK)))
    assert "Chance of “left = yes”" not in page(owner, public_id)


def test_the_list_says_the_day_of_the_scores_that_it_shows(
    desk: Any, visited: dict[str, Any], member_of: Callable[..., Any]
) -> None:
    """An own question's scores are of the day of its training, which may lie long ago."""
    assert visited["inserted"] == 900
    client, base = member_of(desk.tenant, "owner"), {"band": 1, "tier": "xgboost", "version": 1, "extra": {}, "reasons": []}
    first = desk.do(lambda session: session.execute(select(Score.customer_id).order_by(Score.customer_id).limit(1)).scalar_one())
    url = f"/c/{client.slug}/customers/"
    assert "scores as of" not in client.get(url).text
    for task, day in (("churn", 5), ("clv", 3), ("upsell", 1)):
        row = Score(task=task, customer_id=first, value=0.5, as_of=dt.date(2026, 1, day), **base)
        desk.do(lambda session, row=row: session.add(row))
    assert "scores as of Jan 3, 2026" in client.get(url).text
    assert "scores as of Jan 5, 2026" in client.get(f"{url}?columns=churn").text


def test_an_attribute_is_told_by_features_and_by_other_attributes(boats: Any, member_of: Callable[..., Any]) -> None:
    assert boats.train("boat")["verdict"] == "better_than_baseline"
    score, public_id = score_of(boats, "custom:boat", "Customer 5")
    shown = page(member_of(boats.tenant, "owner"), public_id)
    assert {one["feature"] for one in score.reasons} & {"attribute: Yard (m)", "attribute: Garage (m)"}
    assert "asked of: Customers" in shown
    assert "Yard (m): " in shown or "Garage (m): " in shown
    assert "attribute: " not in shown


def test_who_may_not_see_an_attribute_sees_no_chance_of_it(boats: Any, member_of: Callable[..., Any]) -> None:
    boats.train("boat")
    viewer, owner = member_of(boats.tenant, "viewer"), member_of(boats.tenant, "owner")
    public_id = score_of(boats, "custom:boat", "Customer 5")[1]

    def told(client: Any) -> tuple[bool, bool, bool, bool]:
        given = {"headers": {"X-Kith-Tenant": client.slug}}
        mine = client.get(f"/api/v1/customers/{public_id}", **given).json["scores"]
        listed = client.get("/api/v1/scores?model=custom:boat&limit=2", **given).json
        on_page = "asked of: Customers" in page(client, public_id)
        may = {"models:read", "customers:sensitive"} if client is owner else {"models:read"}
        actor = Actor(member_id=1, identity_id=1, name="A", role="", permissions=frozenset(may), reach=Reach.ALL)
        held = boats.runtime
        words = boats.do(lambda session: vocabulary.of_company(session, held.facts, held.plugins, actor))
        return on_page, "custom:boat" in mine, bool(listed["scores"] or listed["next"]), "custom:boat" in words.scores

    assert told(viewer) == told(owner) == (True, True, True, True)
    boats.do(lambda session: session.execute(update(Attribute).where(Attribute.key == "boat").values(sensitive=True)))
    assert told(owner) == (True, True, True, True)
    assert told(viewer) == (False, False, False, False)
