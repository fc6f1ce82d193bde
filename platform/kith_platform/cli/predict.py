"""`kith train` and `kith scores`."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from typing import Any

import click

from kith_platform.cli import labelled
from kith_platform.cli.root import Console, command

DAY = click.DateTime(formats=["%Y-%m-%d"])


@command("train")
@click.argument("tenant")
@click.argument("models", nargs=-1)
@click.option("--as-of", type=DAY, help="The last day counted in; later days judge the result.")
@click.option("--outcome", default="", help="Predict a column of a labelled table, [TABLE.]COLUMN, COLUMN>=X, or an attribute.")
@click.option("--keep", multiple=True, help="With --outcome: use this column although it is suspect or sensitive.")
@click.option("--in-order", is_flag=True, help="With --outcome: the lines stand in the order of time.")
@click.option("--seed", default=1, show_default=True)
@click.option("--wait/--no-wait", default=False, help="Wait for the result and print it.")
def train(
    console: Console,
    tenant: str,
    models: tuple[str, ...],
    as_of: dt.datetime | None,
    outcome: str,
    keep: tuple[str, ...],
    in_order: bool,
    seed: int,
    wait: bool,
) -> None:
    """Train this company's models on its own data: MODELS (churn, clv, …) or all; with --outcome, a question of its own."""
    from kith_platform.cli.waiting import finished
    from kith_platform.predict import service

    if outcome:
        if models or as_of:
            raise click.UsageError("--outcome stands alone: the table says which days there are.")
        labelled.answer(console, tenant, outcome, keep, in_order=in_order, seed=seed, wait=wait)
        return
    if keep or in_order:
        raise click.UsageError("--keep and --in-order go with --outcome.")
    company = console.tenant(tenant)
    with console.runtime.doors.tenant_scope(company.id) as session:
        known = service.tasks(session, console.runtime.plugins)
        day = as_of.date() if as_of else None
        asked = service.ask_training(session, None, models, known=known, as_of=day, seed=seed)
    if not wait:
        console.answer({"job": asked.public_id.hex, "state": asked.state}, f"Asked for: job {asked.public_id.hex}.")
        return
    result = finished(console, company, asked)
    lines = (_words(key, model, company.currency) for key, model in result["models"].items())
    console.answer({"models": result["models"]}, "\n".join(lines))


def _words(key: str, model: dict[str, Any], currency: str) -> str:
    from kith_platform.predict.verdicts import sentence

    return f"{key}: {sentence(model['verdict'], model['verdict_params'], currency=currency)}"


@command("scores")
@click.argument("tenant")
@click.argument("model")
@click.option("--horizon", type=click.IntRange(min=1), help="Days to look ahead (clv).")
@click.option("--csv", "csv_file", type=click.File("w", encoding="utf-8"), help="Write the scores to this file.")
def scores(console: Console, tenant: str, model: str, horizon: int | None, csv_file: Any) -> None:
    """Print every score of MODEL, by the id of the customer (lead, opportunity, invoice) in its source."""
    from kith_platform.predict import listing

    company = console.tenant(tenant)
    columns, rows = listing.scores(console.runtime, company, model, horizon_days=horizon)
    if console.as_json:
        console.answer({"model": model, "scores": [dict(zip(columns, row, strict=True)) for row in rows]})
        return
    writer = csv.writer(csv_file or sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    if csv_file:
        console.say(f"{len(rows)} scores written to {csv_file.name}.")


COMMANDS = (train, scores)
