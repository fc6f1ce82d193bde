"""Values of a company's own attributes: from columns nobody gave a place, through imports, undoing and merges."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from kith_platform.attributes import columns, service
from kith_platform.attributes.kinds import Column
from kith_platform.customers.models import Customer
from kith_platform.duplicates import merging, surviving
from kith_platform.duplicates.merging import Wanted

HEAD = "customer_id,email,Seats,VIP,Renewal,Tier\n"
FILE = HEAD + "1,a@x.org,12,yes,2024-03-05,Gold\n2,b@x.org,many,no,2024-05-01,silver\n3,c@x.org,,,,\n"


def test_columns_nobody_gave_a_place_are_offered_with_a_guess(company: Any) -> None:
    tiers, vips = ("Gold", "Tin"), ("no", "yes")
    rows = "".join(f"{n},{n}@x.org,{n * 3},{vips[n % 2]},2024-03-{n:02},{tiers[n % 2]}\n" for n in range(1, 13))
    company.load(HEAD + rows)
    with company.reading() as session:
        found = {one.column: one for one in columns.seen(session)}
    assert {name: one.guess.kind for name, one in found.items()} == {
        "Seats": "number",
        "VIP": "boolean",
        "Renewal": "date",
        "Tier": "choice",
    }
    assert found["Seats"].share == 1
    assert found["Seats"].examples[0] == "3"
    assert sorted(found["Tier"].guess.choices) == ["Gold", "Tin"]
    assert found["Tier"].guess.timing == "current"


def test_keeping_a_column_fills_it_with_what_was_imported_before(company: Any) -> None:
    company.load(FILE)
    company.keep("Seats", "number")
    company.keep("Tier", "choice", choices=["gold", "Silver"])
    company.keep("VIP", "boolean")
    company.keep("Renewal", "date")
    assert company.shown() == {
        "1": {"seats": 12, "tier": "gold", "vip": True, "renewal": "2024-03-05"},
        "2": {"tier": "Silver", "vip": False, "renewal": "2024-05-01"},
        "3": {},
    }
    seats = company.attribute("seats")
    assert (seats.filled, seats.misfits) == (1, 1)  # "many" is counted, and stays where it was


def test_the_next_file_keeps_attributes_up_to_date_and_the_same_file_changes_nothing(company: Any) -> None:
    company.load(FILE)
    company.keep("Seats", "number")
    again = company.load(FILE)
    assert (again["unchanged"], again["updated"]) == (3, 0)
    assert again["made"]["misfits"] == {"seats": 1}
    later = company.load(HEAD + "1,a@x.org,13,yes,2024-03-05,Gold\n3,c@x.org,4,,,\n4,d@x.org,5,,,\n")
    assert (later["updated"], later["inserted"]) == (2, 1)
    assert company.shown() == {"1": {"seats": 13}, "2": {}, "3": {"seats": 4}, "4": {"seats": 5}}


def test_a_file_without_the_column_leaves_the_attribute_alone(company: Any) -> None:
    company.load(FILE)
    company.keep("Seats", "number")
    company.keep("VIP", "boolean")
    company.load("customer_id,email,VIP\n1,new@x.org,no\n")
    assert company.shown()["1"] == {"seats": 12, "vip": False}


def test_undoing_an_import_takes_its_values_back(company: Any) -> None:
    company.load(FILE)
    company.keep("Seats", "number")
    company.load(HEAD + "1,a@x.org,99,yes,2024-03-05,Gold\n9,i@x.org,7,,,\n")
    assert company.shown()["1"] == {"seats": 99}
    assert company.undo().state == "done"
    assert company.shown() == {"1": {"seats": 12}, "2": {}, "3": {}}


def test_undoing_an_import_of_before_the_attribute_gives_the_value_of_the_file_before(company: Any) -> None:
    company.load(FILE)
    company.load(HEAD + "1,a@x.org,99,yes,2024-03-05,Gold\n")
    company.keep("Seats", "number")
    assert company.shown()["1"] == {"seats": 99}
    company.undo()
    assert company.shown()["1"] == {"seats": 12}


def test_another_kind_reads_the_files_anew_and_nothing_was_lost(company: Any) -> None:
    company.load(FILE)
    company.keep("Seats", "number")
    company.change("seats", kind="text")
    assert company.shown()["2"] == {"seats": "many"}
    assert company.attribute("seats").misfits == 0


def test_a_column_taken_out_of_an_attribute_takes_its_values_along(company: Any) -> None:
    company.load(FILE)
    company.load("customer_id,email,Places\n7,z@x.org,3\n", source="desk")
    company.keep("Seats", "number", columns=[Column("shop", "Seats"), Column("desk", "Places")])
    assert company.shown() == {"1": {"seats": 12}, "2": {}, "3": {}, "7": {"seats": 3}}
    company.change("seats", columns=[Column("shop", "Seats")])
    assert company.shown()["7"] == {}


def test_removing_an_attribute_takes_its_values_and_keeping_it_again_brings_them_back(company: Any) -> None:
    company.load(FILE)
    company.keep("Seats", "number")
    with company.writing() as session:
        service.remove(session, company.actor, service.get(session, "seats"))
    company.work()
    assert company.shown()["1"] == {}
    company.keep("Seats", "number")
    assert company.shown()["1"] == {"seats": 12}


def ids(company: Any) -> dict[str, int]:
    with company.reading() as session:
        return {row[0]: row[1] for row in session.execute(select(Customer.email, Customer.id))}


def test_a_merged_customer_shows_the_attribute_by_its_rule_and_undoing_gives_both_theirs(company: Any) -> None:
    company.load(FILE)
    company.load("customer_id,email,Seats\nX,other@x.org,40\n", source="desk")
    company.keep("Seats", "number", columns=[Column("shop", "Seats"), Column("desk", "Seats")])
    with company.writing() as session:
        surviving.set_rule(session, company.actor, "attribute:seats", "trusted", ["desk", "shop"])
    known = ids(company)
    with company.writing() as session:
        merged = merging.merge(session, [Wanted(known["a@x.org"], known["other@x.org"])])[0].id
    assert company.shown()["1"] == company.shown()["X"] == {"seats": 40}
    with company.writing() as session:
        merging.undo(session, session.get_one(merging.CustomerMerge, (company.tenant.id, merged)), by="")
    assert (company.shown()["1"], company.shown()["X"]) == ({"seats": 12}, {"seats": 40})


def test_a_dated_attribute_keeps_each_change_with_the_moment_kith_learnt_of_it(company: Any) -> None:
    before = dt.datetime.now(dt.UTC)
    company.load(FILE)
    company.keep("Seats", "number", timing="dated")
    company.load(FILE)
    company.load(HEAD + "1,a@x.org,13,yes,2024-03-05,Gold\n")
    noted = company.changes()
    assert [(key, value) for key, value, _known in noted] == [("seats", "12"), ("seats", "13")]
    assert all(known >= before for _key, _value, known in noted)
    company.undo()
    assert [value for _key, value, _known in company.changes()] == ["12"]
    assert company.shown()["1"] == {"seats": 12}


def test_undoing_an_import_of_before_a_dated_attribute_leaves_what_is_known_of_it(company: Any) -> None:
    company.load(FILE)
    company.load(HEAD + "1,a@x.org,99,yes,2024-03-05,Gold\n")
    company.keep("Seats", "number", timing="dated")
    assert company.shown()["1"] == {"seats": 99}
    company.undo()
    company.work()
    assert company.shown()["1"] == {"seats": 12}
    assert [value for _key, value, _known in company.changes()] == ["12"]


def test_an_imported_history_decides_what_a_dated_attribute_shows(company: Any) -> None:
    company.load(FILE)
    company.keep("Seats", "number", timing="dated")
    history = "customer_id,date,attribute,value\n1,2023-01-01,seats,8\n3,2023-02-01,seats,5\n3,2023-03-01,seats,6\n"
    company.load(history, table="attribute_changes")
    company.work()
    assert company.shown() == {"1": {"seats": 12}, "2": {}, "3": {"seats": 6}}


def test_an_attribute_made_while_a_file_is_loading_is_filled_for_the_whole_file(company: Any, monkeypatch: Any) -> None:
    from kith_platform.imports import jobs

    plain = jobs._job

    def meanwhile(run: Any, row: Any) -> Any:
        begun = plain(run, row)
        with company.writing() as session:
            service.create(session, company.actor, {"label": "Seats", "kind": "number", "columns": [Column("shop", "Seats")]})
        company.work()
        return begun

    monkeypatch.setattr(jobs, "_job", meanwhile)
    company.load(FILE)
    company.work()
    assert company.shown()["1"] == {"seats": 12}


def test_another_companys_attributes_stay_unseen(company: Any, other_tenant: Any) -> None:
    company.load(FILE)
    company.keep("Seats", "number")
    with company.runtime.doors.tenant_scope(other_tenant.id, read_only=True) as session:
        assert service.listed(session) == []
        assert columns.seen(session) == []
