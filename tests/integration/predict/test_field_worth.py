"""After a training the next refresh measures once what filling each field would bring the model that serves."""

from __future__ import annotations

import datetime as dt

from known_companies import NewCustomer
from sqlalchemy import select, update

from kith_platform.predict.models import CHAMPION, ModelVersion
from kith_platform.quality import lift
from kith_platform.quality.models import QualityLift
from kith_platform.refresh.service import ask_refresh
from kith_platform.runtime import Runtime
from kith_platform.simulator import simulate

ENDS = dt.date(2026, 6, 30)


def test_each_field_that_the_model_could_read_gets_a_figure_or_a_reason(customer_like: NewCustomer, runtime: Runtime) -> None:
    company = simulate("retailer", regime="misspecified", customers=300, years=3.0, seed=7, ends_on=ENDS)
    retailer = customer_like(company)
    retailer.bring(company)
    retailer.train("churn")
    with runtime.doors.tenant_scope(retailer.tenant.id) as session:  # so few prove little: it serves all the same
        session.execute(update(ModelVersion).where(ModelVersion.task == "churn").values(state=CHAMPION))
    retailer.run(ask_refresh)
    with runtime.doors.tenant_scope(retailer.tenant.id, read_only=True) as session:
        rows = {row.field: row for row in lift.rows(session)}
        first = {row.field: row.measured_at for row in rows.values()}
        assert set(rows) >= {"survey_responses.score", "orders.delivered_on", "products.family"}
        for row in rows.values():
            assert row.version == 1
            assert 0 <= row.filled <= row.customers
            found = lift.of(row)
            assert (found is None) == bool(row.reason)
            assert found is None or 0 < found.low <= found.about <= found.high <= 1
    retailer.run(ask_refresh)
    with runtime.doors.tenant_scope(retailer.tenant.id) as session:
        again = {row.field: row.measured_at for row in session.execute(select(QualityLift)).scalars()}
        assert again == first, "the same version is not measured twice"
        session.execute(update(ModelVersion).where(ModelVersion.task == "churn").values(state="baseline"))
    retailer.run(ask_refresh)
    with runtime.doors.tenant_scope(retailer.tenant.id, read_only=True) as session:
        assert lift.rows(session) == [], "the rule serves: there is nothing to estimate"
