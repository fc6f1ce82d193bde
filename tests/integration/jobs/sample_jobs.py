"""Kinds of job for tests. They write customers, so that effects can be counted."""

from __future__ import annotations

import os
import time

from sqlalchemy import func, select

from kith_platform.customers.models import Customer
from kith_platform.errors import Invalid, Unavailable
from kith_platform.i18n import N_
from kith_platform.jobs.declared import JobRun, job


@job("sample.greet", queue="send")
def greet(run: JobRun) -> None:
    run.progress(1, 1, N_("Greeted %(who)s"), who=run.args["who"])
    run.result({"greeting": f"Hello {run.args['who']}"})


@job("sample.rows", queue="send", max_attempts=30)
def rows(run: JobRun) -> None:
    """Writes `rows` customers, one a step, `seconds` apart, and goes on where an earlier attempt stopped."""
    with run.step() as session:
        written = session.execute(select(func.count()).select_from(Customer).where(Customer.city == str(run.id))).scalar_one()
    for number in range(written, run.args["rows"]):
        run.check()
        time.sleep(run.args.get("seconds", 0))
        with run.step() as session:
            session.add(Customer(name=f"row {number}", city=str(run.id)))
        run.progress(number + 1, run.args["rows"], N_("Written"))
    run.result({"rows": run.args["rows"], "attempt": run.attempt})


@job("sample.once", queue="send")
def once(run: JobRun) -> None:
    """One effect that cannot be repeated, in the step that ends the job."""
    run.result({"by": run.attempt})
    with run.step(last=True) as session:
        session.add(Customer(name="once", city=str(run.id)))
        time.sleep(run.args.get("seconds", 0))


@job("sample.broken", queue="send", max_attempts=2)
def broken(run: JobRun) -> None:
    raise RuntimeError("a secret detail")


@job("sample.wrong", queue="send")
def wrong(run: JobRun) -> None:
    raise Invalid(N_("The file %(name)s has no header."), name="orders.csv")


@job("sample.away", queue="send", max_attempts=1)
def away(run: JobRun) -> None:
    raise Unavailable


@job("sample.greedy", queue="send")
def greedy(run: JobRun) -> None:
    bytearray(3 * run.memory_mb * 1024 * 1024)


@job("sample.deaf", queue="send")
def deaf(run: JobRun) -> None:
    """Never looks whether it should stop."""
    with run.step() as session:
        session.add(Customer(name="deaf", city=str(run.id)))
        time.sleep(60)


@job("sample.suicide", queue="send", max_attempts=2)
def suicide(run: JobRun) -> None:
    os._exit(3)


@job("sample.engines", queue="train")
def engines(run: JobRun) -> None:
    """Uses every engine whose parent may not: each hangs or breaks in a child of a process that has used it."""
    import duckdb
    import numpy as np
    import polars as pl
    import xgboost as xgb

    features = np.arange(2000.0).reshape(500, 4)
    matrix = xgb.DMatrix(features, label=(features[:, 0] > 900).astype(float), nthread=run.threads)
    model = xgb.train({"objective": "binary:logistic", "nthread": run.threads}, matrix, num_boost_round=3)
    frame = pl.DataFrame({"score": model.predict(matrix)})
    with duckdb.connect() as database:
        database.execute(f"SET threads = {run.threads}")
        # Not the frame itself: scanning one imports pandas, which under load outlasts a test's short lease.
        rows = database.execute("SELECT count(*) FROM range(?)", [frame.filter(pl.col("score") > 0).height]).fetchone()
    run.result({"rows": rows[0]})


@job("sample.of_plugin", queue="send", plugin="not_installed")
def of_plugin(run: JobRun) -> None:
    with run.step() as session:
        session.add(Customer(name="plugin", city=str(run.id)))
