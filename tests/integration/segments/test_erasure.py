"""A person asks to be forgotten: nothing of them is left in any table, nor in any file that was made of the tables."""

from __future__ import annotations

import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.pool import NullPool

from kith_platform.customers import erasure
from kith_platform.customers import jobs as customer_jobs
from kith_platform.customers.models import Customer, CustomerIdentity, CustomerToken
from kith_platform.errors import Forbidden
from kith_platform.facts.models import CustomerRecord, FactVersion
from kith_platform.jobs import claim
from kith_platform.jobs.models import Job
from kith_platform.jobs.run import JobRun
from kith_platform.predict.models import Score
from kith_platform.segments import sample
from kith_platform.segments.models import Segment
from kith_platform.snapshots import service as snapshots

BUYERS = {"all": [{"fact": "orders", "measure": "count", "days": 90, "op": "at_least", "value": 1}]}
NAME, MAIL = "Zelda Unicorn", "zelda@unicorn.example"
# Rows of these say who worked for the company, or hold ids alone.
ALLOWED = {"audit_entry", "fact_removed", "job"}


@pytest.fixture
def with_sample(company: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A company in whose segment, sample and snapshot Zelda is, under a name she had before as well."""
    for module in ("sample", "rebuilding"):
        monkeypatch.setattr(f"kith_platform.segments.{module}.ONE_IN", 1)
        monkeypatch.setattr(f"kith_platform.segments.{module}.SMALL", 2)
    company.customers(NAME, "Unicorn merged", *(f"P{place}" for place in range(5)))
    company.buys("P1")
    zelda, merged = company.ids[NAME], company.ids["Unicorn merged"]
    with company.scope() as session:
        session.get(Customer, (company.tenant.id, merged)).merged_into = zelda
        record = session.execute(select(CustomerRecord).where(CustomerRecord.customer_id == zelda)).scalar_one()
        record.email = MAIL
        session.execute(insert(CustomerIdentity), [{"record_id": record.id, "kind": "email", "value": MAIL}])
        session.execute(insert(CustomerToken), [{"token": "unicorn", "customer_id": zelda}])
        kept = {"fact": "customer_record", "row_id": record.id, "values": {"name": NAME}, "import_id": 1}
        session.execute(insert(FactVersion), [kept])
        score = {"task": "churn", "value": 0.5, "band": 1, "tier": "rule", "version": 1}
        session.execute(insert(Score).values(customer_id=zelda, as_of=record.known_at.date(), **score))
    company.segment("buyers", BUYERS)
    company.rebuild()
    company.customers("Late")
    for name in (NAME, "Late"):
        company.buys(name)
    company.rebuild()
    return company


def erase(company: Any, actor: Any) -> None:
    with company.scope() as session:
        customer = session.get(Customer, (company.tenant.id, company.ids[NAME]))
        erasure.erase(session, actor, customer, company.runtime.facts)


def rewrite(company: Any) -> None:
    """The job that an erasure asks for."""
    with company.scope() as session:
        asked = session.execute(select(Job).where(Job.kind == erasure.JOB)).scalar_one()
        held = claim.claim(session, asked.id, lease=300, unrouted=True)
    assert held is not None
    customer_jobs.rewrite_files(
        JobRun(company.runtime, company.tenant, held, pulse=company.runtime.doors, threads=1, memory_mb=256)
    )


def rows_of(company: Any) -> dict[str, str]:
    """Every row of the company, of every table, as text by table."""
    found: dict[str, str] = {}
    engine = create_engine(company.runtime.urls.superuser, poolclass=NullPool)
    with engine.connect() as connection:
        tables = connection.execute(
            text("SELECT table_schema, table_name FROM information_schema.columns WHERE column_name = 'tenant_id'")
        )
        for schema, table in tables.all():
            rows = connection.execute(
                text(f'SELECT to_jsonb(r) FROM "{schema}"."{table}" r WHERE tenant_id = :t'), {"t": company.tenant.id}
            )
            found[table] = "\n".join(json.dumps(row[0]) for row in rows)
    engine.dispose()
    return found


def files_of(company: Any) -> dict[str, str]:
    """Every file of the company, as text by name."""
    blobs = company.runtime.blobs.of(company.tenant.id)
    found = {}
    for path in blobs.files.find(blobs.root):
        with blobs.files.open(path, "rb") as stream:
            whole = (
                str(pq.read_table(stream).to_pylist()) if path.endswith(".parquet") else stream.read().decode("utf-8", "replace")
            )
        found[path] = whole
    return found


def test_nothing_of_an_erased_person_is_left(with_sample: Any, actor: Any) -> None:
    company = with_sample
    zelda, merged = company.ids[NAME], company.ids["Unicorn merged"]
    with company.scope() as session:
        public_id = session.get(Customer, (company.tenant.id, zelda)).public_id
    before = files_of(company)
    assert any(f"'customer_id': {zelda}" in whole for name, whole in before.items() if "sample" in name)
    assert {NAME, "P1", "Late"} == company.members(only(company))
    assert NAME in {name for name, _entered, _why in company.moves(only(company))}

    erase(company, actor())
    rewrite(company)

    rows = rows_of(company)
    for word in (NAME, MAIL, "Unicorn"):
        assert not {table for table, whole in rows.items() if word in whole}, word
    for table in ("segment_member", "segment_move", "segment_sample", "score", "customer_token"):
        assert f'"customer_id": {zelda}' not in rows[table], table
    for one in (zelda, merged):
        assert not {t for t, whole in rows.items() if f'"customer_id": {one},' in whole and t not in ALLOWED}
    for name, whole in files_of(company).items():
        assert NAME not in whole
        assert MAIL not in whole
        assert f"'customer_id': {zelda}," not in whole, name
        assert str(public_id) not in whole
        assert public_id.hex not in whole


def test_the_others_stay_and_their_segment_is_one_smaller(with_sample: Any, actor: Any) -> None:
    company = with_sample
    erase(company, actor())
    rewrite(company)
    segment = only(company)
    assert company.members(segment) == {"P1", "Late"}
    assert segment.size == 2
    assert company.rebuild()["buyers"]["size"] == 2
    with company.scope() as session:
        manifest = snapshots.latest(session)
        assert sample.latest(company.runtime, session, company.tenant).manifest.generation == manifest.generation


def test_only_who_may_erase_does(with_sample: Any, actor: Any) -> None:
    with pytest.raises(Forbidden):
        erase(with_sample, actor("analyst"))
    assert NAME in with_sample.members(only(with_sample))


def only(company: Any) -> Segment:
    with company.scope() as session:
        found: Segment = session.execute(select(Segment)).scalar_one()
        return found
