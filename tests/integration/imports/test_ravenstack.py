"""A software company's five exports, brought as a user would: what Kith then holds equals independent SQL over the raw files.

Facts are read through the snapshot, as every figure of Kith is. The data: synthetic, credit River @ Rivalytics.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pytest

from kith_platform.frames import open_frames
from kith_platform.frames.service import Frames
from kith_platform.predict import classify, clv
from kith_platform.predict.churn import CHURN
from kith_platform.predict.evidence import PurchaseDays
from kith_platform.predict.features import CORE_FEATURE_SETS
from kith_platform.predict.training import Evidence, Question
from kith_platform.predict.verdicts import SENTENCES
from kith_platform.snapshots import service as snapshots
from kith_platform.snapshots.shape import MONEY_SCALE

D = dt.date
FILES = {
    "customers": "accounts.csv",
    "subscriptions": "subscriptions.csv",
    "events": "feature_usage.csv",
    "tickets": "support_tickets.csv",
    "leavings": "churn_events.csv",
}
LAST = D(2024, 12, 31)  # the data's last day
VIEWS = """
create macro day(text) as strptime(text, '%d-%m-%Y')::date;
create view accounts as from read_csv('{0}/accounts.csv', all_varchar = true);
create view subscriptions as select *, day(start_date) as began, day(end_date) as ended, mrr_amount::bigint as mrr
    from read_csv('{0}/subscriptions.csv', all_varchar = true);
-- 21 usage ids stand on two lines that say different things: the last counts
create view usage as select * exclude (place) from (select *, row_number() over () as place
    from read_csv('{0}/feature_usage.csv', all_varchar = true))
    qualify row_number() over (partition by usage_id order by place desc) = 1;
create view tickets as from read_csv('{0}/support_tickets.csv', all_varchar = true);
create view leavings as from read_csv('{0}/churn_events.csv', all_varchar = true);
"""
# What the revenue of those who paid on the first day of a year became by its last: NRR and GRR are made of these.
MOVED = """
with paid as (select account_id, sum(mrr) filter (began < '2024-01-01' and (ended is null or ended >= '2024-01-01')) as was,
                     sum(mrr) filter (began <= '2024-12-31' and (ended is null or ended > '2024-12-31')) as now
              from subscriptions group by 1),
     both_ as (select coalesce(was, 0) as was, coalesce(now, 0) as now from paid)
select sum(was), sum(greatest(now - was, 0)), sum(case when now > 0 then greatest(was - now, 0) else 0 end),
       sum(case when now = 0 then was else 0 end)
from both_ where was > 0
"""


@pytest.fixture(scope="module")
def company(open_company: Callable[[], Any], shared_data: Path) -> Any:
    """The company with the five files in it, each read by the guess alone; `told`: what the report of each says."""
    made = open_company()
    made.told = {table: made.load(table, (shared_data / "ravenstack" / name).read_bytes()) for table, name in FILES.items()}
    return made


@pytest.fixture(scope="module")
def frames(company: Any) -> Iterator[Frames]:
    manifest = snapshots.take(company.runtime, company.tenant.id)
    with open_frames(company.runtime, company.tenant, manifest, threads=1, memory_mb=512) as found:
        yield found


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(VIEWS.format(shared_data / "ravenstack"))
    return connection


def table(rows: ir.Table) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in rows.to_pyarrow().to_pylist())


def asked(raw: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return sorted(raw.execute(sql).fetchall())


def standing(frames: Frames, day: dt.date) -> ir.Table:
    """Subscriptions that run at the end of a day, by their last event: customer_id, mrr."""
    events = frames.at(day)["subscription_events"]
    last = ibis.row_number().over(group_by=events.subscription, order_by=[events.occurred_at.desc(), events.id.desc()])
    rows = events.mutate(turn=last).filter(lambda t: t.turn == 0)
    return rows.filter(rows.kind != "cancelled").select("customer_id", "mrr")


def by_month(rows: ir.Table) -> list[tuple[Any, ...]]:
    return table(rows.group_by(month=rows.occurred_on.truncate("M")).aggregate(lines=rows.count()))


def test_every_line_is_taken_and_what_is_odd_is_told(company: Any) -> None:
    told = {name: (one["read"], one["inserted"], one["duplicate"], one["rejected"]) for name, one in company.told.items()}
    assert told == {
        "customers": (500, 500, 0, 0),
        "subscriptions": (5000, 5000, 0, 0),
        "events": (25_000, 24_979, 21, 0),
        "tickets": (2000, 2000, 0, 0),
        "leavings": (600, 600, 0, 0),
    }
    made = company.told["subscriptions"]["made"]
    assert made["subscription_event"] == {"inserted": 5000 + 486 + 529 + 218}
    assert made["dirt"] == {"undated_change": 529 + 218 - 23}
    assert company.told["events"]["made"]["dirt"] == {"same_id": 21}
    assert "unresolved" not in company.told["events"]["made"], "each subscription that is used is known"
    assert company.told["tickets"]["made"]["survey_response"] == {"inserted": 1175}


def test_the_same_file_twice_changes_nothing(company: Any, shared_data: Path) -> None:
    again = company.load("subscriptions", (shared_data / "ravenstack" / "subscriptions.csv").read_bytes())
    assert (again["unchanged"], again["inserted"], again["updated"]) == (5000, 0, 0)


def test_customers_by_country(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    records = frames.at(LAST)["records"]
    found = table(records.group_by("country").aggregate(n=records.count()))
    assert found == asked(raw, "select country, count(*) from accounts group by 1")
    assert sum(n for _country, n in found) == 500


def test_customers_by_the_month_they_came(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    records = frames.at(LAST)["records"]
    found = table(records.group_by(month=records.since.truncate("M")).aggregate(n=records.count()))
    assert found == asked(raw, "select date_trunc('month', day(signup_date))::date, count(*) from accounts group by 1")


def test_subscriptions_that_began_and_that_ended_by_month(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    events = frames.at(LAST)["subscription_events"]
    for kind, column in (("started", "began"), ("cancelled", "ended")):
        expected = (
            f"select date_trunc('month', {column})::date, count(*) from subscriptions where {column} is not null group by 1"
        )
        assert by_month(events.filter(events.kind == kind)) == asked(raw, expected), kind


def test_upgrades_and_downgrades_by_plan(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    events = frames.at(LAST)["subscription_events"]
    for kind, flag in (("upgraded", "upgrade_flag"), ("downgraded", "downgrade_flag")):
        rows = events.filter(events.kind == kind)
        expected = f"select plan_tier, count(*) from subscriptions where {flag} = 'TRUE' group by 1"
        assert table(rows.group_by("plan").aggregate(n=rows.count())) == asked(raw, expected), kind


@pytest.mark.parametrize("day", [D(2023, 6, 30), D(2024, 2, 29), D(2024, 9, 30), LAST])
def test_running_subscriptions_customers_and_monthly_revenue_on_a_day(
    frames: Frames, raw: duckdb.DuckDBPyConnection, day: dt.date
) -> None:
    rows = standing(frames, day)
    found = table(rows.aggregate(n=rows.count(), customers=rows.customer_id.nunique(), mrr=rows.mrr.sum() / 10_000))
    running = f"began <= '{day}' and (ended is null or ended > '{day}')"
    assert found == asked(raw, f"select count(*), count(distinct account_id), sum(mrr) from subscriptions where {running}")


def test_what_became_of_a_year_s_opening_revenue(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    was, now = (
        rows.group_by("customer_id").aggregate(mrr=rows.mrr.sum() / 10_000)
        for rows in (standing(frames, D(2023, 12, 31)), standing(frames, LAST))
    )
    both = was.filter(was.mrr > 0).left_join(now.select("customer_id", now="mrr"), "customer_id")
    both = both.mutate(now=both.now.fill_null(0))
    change = both.now - both.mrr
    found = both.aggregate(
        opening=both.mrr.sum(),
        more=ibis.greatest(change, 0).sum(),
        less=ibis.ifelse(both.now > 0, ibis.greatest(-change, 0), 0).sum(),
        gone=ibis.ifelse(both.now == 0, both.mrr, 0).sum(),
    )
    assert table(found) == asked(raw, MOVED)


def test_tickets_by_month_and_urgency(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    rows = frames.at(LAST)["tickets"]
    found = rows.group_by(month=rows.occurred_on.truncate("M"), severity=rows.severity).aggregate(n=rows.count())
    expected = "select date_trunc('month', day(submitted_at))::date, priority, count(*) from tickets group by 1, 2"
    assert table(found) == asked(raw, expected)


def test_minutes_to_the_first_reply_and_hours_to_the_end(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    rows = frames.at(LAST)["tickets"]
    rows = rows.mutate(
        reply=rows.first_reply_at.delta(rows.occurred_at, unit="second") / 60,
        solved=rows.resolved_at.delta(rows.occurred_at, unit="second") / 3600,
    )
    found = table(rows.aggregate(reply=rows.reply.median(), mean=rows.reply.mean().round(6), solved=rows.solved.median()))
    assert found == asked(
        raw,
        """select median(first_response_time_minutes::double), round(avg(first_response_time_minutes::double), 6),
        median(date_diff('second', day(submitted_at)::timestamp, strptime(closed_at, '%d-%m-%Y %H:%M')) / 3600.0) from tickets""",
    )


def test_answers_to_how_satisfied_and_their_mean(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    rows = frames.at(LAST)["survey_responses"]
    rows = rows.filter(rows.kind == "csat", rows.ticket_id.notnull(), rows.customer_id.notnull())
    found = table(rows.group_by("score").aggregate(n=rows.count()))
    expected = "select satisfaction_score::double, count(*) from tickets where satisfaction_score is not null group by 1"
    assert found == asked(raw, expected)


def test_usage_of_each_customer_through_its_subscription(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    rows, records = frames.at(LAST)["events"], frames.at(LAST)["records"]
    assert table(rows.aggregate(nobodys=rows.customer_id.isnull().sum())) == [(0,)]
    named = rows.join(records.select("customer_id", account=records.external_id), "customer_id")
    found = table(named.group_by("account").aggregate(n=named.count(), uses=named.amount.sum()))
    expected = """select account_id, count(*), sum(usage_count::double) from usage join subscriptions using (subscription_id)
    group by 1"""
    assert found == asked(raw, expected)


def test_departures_by_reason(frames: Frames, raw: duckdb.DuckDBPyConnection) -> None:
    rows = frames.at(LAST)["leavings"]
    found = rows.group_by(reason=rows.reason, year=rows.occurred_on.year()).aggregate(
        n=rows.count(), who=rows.customer_id.nunique()
    )
    assert table(found) == asked(
        raw, "select reason_code, year(day(churn_date)), count(*), count(distinct account_id) from leavings group by 1, 2"
    )


def test_who_leaves_is_learnt_from_subscriptions_and_noted_leavings_with_a_verdict(company: Any, frames: Frames) -> None:
    question = Question(frames=frames, as_of=frames.last_day, seed=1, threads=1)
    evidence = Evidence(question, CORE_FEATURE_SETS, lambda: PurchaseDays.all(frames))
    trained = classify.train(CHURN, evidence)
    figures = {name: trained.metrics.get(name) for name in ("customers", "positives", "auc", "rule_auc", "ece")}
    print(f"\nchurn: {trained.verdict} {dict(trained.verdict_params)} {trained.tier} {figures}")  # noqa: T201
    assert trained.scored is not None
    assert trained.verdict in SENTENCES
    running = {customer for customer, _mrr in table(standing(frames, question.as_of))}
    assert set(trained.scored.customer_ids.tolist()) == running, "asked of those who are bound"


def test_what_subscribers_are_worth_is_judged_without_a_single_order(company: Any, frames: Frames) -> None:
    question = Question(frames=frames, as_of=frames.last_day, seed=1, threads=1)
    trained = clv.train(Evidence(question, CORE_FEATURE_SETS, lambda: PurchaseDays.all(frames)))
    print(f"\nclv: {trained.verdict} {dict(trained.verdict_params)} {trained.tier}", trained.report.get("beside"))  # noqa: T201
    assert trained.verdict in SENTENCES
    assert trained.scored is not None
    scored = trained.scored
    paying: dict[int, float] = {}
    for customer, mrr in table(standing(frames, question.as_of)):
        paying[customer] = paying.get(customer, 0.0) + (mrr or 0) / MONEY_SCALE
    paying = {customer: fee for customer, fee in paying.items() if fee}
    fees = dict(zip(scored.customer_ids.tolist(), scored.extra["monthly_fee"].tolist(), strict=True))
    assert fees == pytest.approx(paying), "everybody who pays, with what they pay"
    assert all(0 <= value <= 12 * fees[who] for who, value in zip(scored.customer_ids.tolist(), scored.values, strict=True))
