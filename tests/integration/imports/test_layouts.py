"""Files whose line is not one row of one fact: lists of subscriptions as they stand, usage that names them, rated tickets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from kith_platform.auth.who import system
from kith_platform.facts.models import CustomerRecord, Event, FactRemoved, SubscriptionEvent, SurveyResponse, Ticket
from kith_platform.imports import service
from kith_platform.imports.shown import shown

D = dt.date
HEAD = "subscription_id,account_id,start_date,end_date,plan_tier,seats,mrr_amount,upgrade_flag,churn_flag,reason\n"
RUNNING = "S1,A1,23/12/2023,,Pro,5,250.50,FALSE,FALSE,\n"
ENDED = "S1,A1,23/12/2023,05/06/2024,Pro,5,250.50,FALSE,TRUE,price\n"
OTHERS = "S2,A2,01/02/2024,03/03/2024,Basic,1,19,TRUE,TRUE,\nS3,A2,04/03/2024,,Basic,2,38,FALSE,TRUE,\n"


def events(company: Any) -> list[tuple[Any, ...]]:
    return company.rows(SubscriptionEvent, "external_id", "kind", "occurred_on", "mrr")  # type: ignore[no-any-return]


def written(result: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = result["made"].get("subscription_event", {})
    return {key: value for key, value in found.items() if key in ("inserted", "updated")}


def view(company: Any) -> Any:
    """How the newest import reads on its page, in English."""
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        return shown(session, service.listing(session)[0], company.runtime.facts)


def undo(company: Any) -> None:
    with company.runtime.doors.tenant_scope(company.tenant.id) as session:
        job = service.ask_undo(session, system(), service.listing(session)[0], company.runtime.facts)
    assert company.run(job).state == "done"


def test_a_list_of_subscriptions_becomes_what_happened_to_each(company: Any) -> None:
    first = company.load("subscriptions", HEAD + RUNNING + OTHERS)
    assert (first["read"], first["inserted"]) == (3, 3), "lines of the file, not events"
    assert written(first) == {"inserted": 5}
    assert first["made"]["dirt"] == {"undated_change": 1, "undated_end": 1}
    before = events(company)
    assert before == [
        ("S1|started", "started", D(2023, 12, 23), Decimal("250.5000")),
        ("S2|cancelled", "cancelled", D(2024, 3, 3), Decimal("0.0000")),
        ("S2|started", "started", D(2024, 2, 1), Decimal("19.0000")),
        ("S2|upgraded", "upgraded", D(2024, 2, 1), Decimal("19.0000")),
        ("S3|started", "started", D(2024, 3, 4), Decimal("38.0000")),
    ], "3/3 and 4/3 are read day first, because 23/12 shows it"
    assert company.rows(SubscriptionEvent, "subscription", "plan", "seats")[0] == ("S1", "Pro", 5)
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        whose = select(SubscriptionEvent.external_id, CustomerRecord.external_id).join(
            CustomerRecord, CustomerRecord.id == SubscriptionEvent.record_id
        )
        assert dict(session.execute(whose).all())["S2|cancelled"] == "A2"

    again = company.load("subscriptions", HEAD + RUNNING + OTHERS)
    assert (again["unchanged"], again["inserted"], again["updated"], written(again)) == (3, 0, 0, {})
    assert events(company) == before

    later = company.load("subscriptions", HEAD + ENDED + OTHERS)
    assert (later["unchanged"], later["updated"]) == (2, 1), "the line of which something new came changed"
    assert written(later) == {"inserted": 1}, "the end, and nothing else"
    assert company.rows(SubscriptionEvent, "external_id", "kind", "reason", "mrr", "occurred_on")[0] == (
        *("S1|cancelled", "cancelled", "price"),
        *(Decimal("0.0000"), D(2024, 6, 5)),
    )
    undo(company)
    assert events(company) == before, "undoing the second file takes its end back"

    company.load("subscriptions", HEAD + ENDED + OTHERS)
    back = company.load("subscriptions", HEAD + RUNNING + OTHERS)
    assert back["made"]["dirt"]["left_out"] == 1, "an end that is gone from the file is kept, and told"
    assert ("S1|cancelled", "cancelled", D(2024, 6, 5), Decimal("0.0000")) in events(company)


def test_trying_or_undoing_a_list_of_subscriptions_leaves_nothing(company: Any) -> None:
    tried = company.load("subscriptions", HEAD + RUNNING + OTHERS, dry_run=True)
    assert (tried["inserted"], written(tried), events(company)) == (3, {"inserted": 5}, [])
    company.load("subscriptions", HEAD + RUNNING + OTHERS)
    undo(company)
    assert (events(company), company.count(CustomerRecord)) == ([], 0)
    assert [fact for (fact,) in company.rows(FactRemoved, "fact")].count("subscription_event") == 5


def test_lines_without_ids_impossible_ends_and_ends_to_come(company: Any) -> None:
    head = "customer_id,start_date,end_date,monthly_fee\n"
    text = head + "C1,2024-01-05,2024-01-04,9\nC2,2024-01-05,2099-01-01,9\nC3,2024-01-05,,9\nC3,2024-01-05,2024-02-01,11\n"
    result = company.load("subscriptions", text)
    assert (result["inserted"], result["duplicate"], result["rejected"]) == (2, 1, 1)
    assert view(company).refused[0][2] == "Ended on lies before Started on. Correct the date"
    assert result["made"]["dirt"] == {"end_ahead": 1}, "without an id nothing says that two lines mean one thing"
    found = company.rows(SubscriptionEvent, "kind", "occurred_on", "mrr", "renews_on")
    assert ("started", D(2024, 1, 5), Decimal("9.0000"), D(2099, 1, 1)) in found, "an end to come is when it renews"
    assert ("cancelled", D(2024, 2, 1), Decimal("0.0000"), None) in found, "of two lines of one subscription the last counts"
    assert len(found) == 3
    ended = company.load("subscriptions", head + "C2,2024-01-05,2024-09-09,9\n")
    assert (ended["updated"], written(ended)) == (1, {"inserted": 1, "updated": 1}), "the same subscription, not a second one"


def test_usage_finds_its_customer_through_its_subscription(company: Any) -> None:
    usage = "usage_id,subscription_id,usage_date,feature_name,usage_count\nU1,S1,13/01/2024,export,4\nU2,S9,14/01/2024,login,1\n"
    first = company.load("events", usage)
    assert (first["inserted"], first["made"]["unresolved"]) == (2, {"event.subscription": 2})
    assert view(company).unresolved == [("Subscription", 2)]
    assert company.rows(Event, "external_id", "record_id") == [("U1", None), ("U2", None)]
    company.load("subscriptions", HEAD + RUNNING)
    company.load("subscriptions", HEAD + RUNNING.replace("A1", "B1"), source="elsewhere")
    second = company.load("events", usage)
    assert (second["updated"], second["unchanged"], second["made"]["unresolved"]) == (1, 1, {"event.subscription": 1})
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        whose = select(Event.external_id, CustomerRecord.external_id).join(CustomerRecord, CustomerRecord.id == Event.record_id)
        assert session.execute(whose).all() == [("U1", "A1")], "of the same source"


def test_two_lines_of_one_id_that_say_different_things_are_told(company: Any) -> None:
    usage = "usage_id,customer_id,date,event\nU1,C1,2024-01-01,login\nU1,C2,2024-02-01,export\nU2,C2,2024-01-01,login\n"
    result = company.load("events", usage + usage.splitlines()[-1] + "\n")
    assert (result["inserted"], result["duplicate"], result["made"]["dirt"]) == (2, 2, {"same_id": 1})
    assert company.rows(Event, "external_id", "name") == [("U1", "export"), ("U2", "login")]


def test_a_subscription_of_another_company_is_nobodys_here(company: Any, make_company: Any) -> None:
    make_company().load("subscriptions", HEAD + RUNNING)
    found = company.load("events", "subscription_id,date,event\nS1,2024-01-13,login\n")
    assert (found["made"]["unresolved"], company.rows(Event, "record_id")) == ({"event.subscription": 1}, [(None,)])


def test_a_rated_ticket_is_a_ticket_and_an_answer(company: Any) -> None:
    head = "ticket_id,customer_id,submitted_at,closed_at,first_response_time_minutes,satisfaction_score\n"
    text = head + "T1,C1,27-07-2023,28-07-2023 03:00,74,4\nT2,C1,28-07-2023 10:00,,0.5,\nT3,C1,29-07-2023,,-3,5\n"
    result = company.load("tickets", text)
    assert (result["inserted"], result["rejected"]) == (2, 1)
    assert "is not a length of time" in view(company).refused[0][2]
    seconds = [(key, (reply - opened).total_seconds()) for key, opened, reply in tickets(company)]
    assert seconds == [("T1", 74 * 60), ("T2", 30)], "a length of time leads from the ticket's own time"
    answers = company.rows(SurveyResponse, "external_id", "kind", "score", "occurred_on", "answered_at")
    assert answers == [("T1|csat", "csat", Decimal("4.0000"), D(2023, 7, 28), dt.datetime(2023, 7, 28, 3, tzinfo=dt.UTC))]
    with company.runtime.doors.tenant_scope(company.tenant.id, read_only=True) as session:
        one = select(Ticket.external_id, Ticket.record_id == SurveyResponse.record_id)
        assert session.execute(one.join(SurveyResponse, SurveyResponse.ticket_id == Ticket.id)).all() == [("T1", True)]
    rated = company.load("tickets", text.replace(",0.5,\n", ",0.5,3\n"))
    assert (rated["updated"], rated["unchanged"]) == (1, 1)
    undo(company)
    assert company.count(SurveyResponse) == 1


def tickets(company: Any) -> list[tuple[Any, ...]]:
    return company.rows(Ticket, "external_id", "occurred_at", "first_reply_at")  # type: ignore[no-any-return]
