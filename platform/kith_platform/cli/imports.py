"""`kith import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kith_platform.cli import labelled
from kith_platform.cli.root import Console, command

if TYPE_CHECKING:
    from kith_platform.imports.mapping import Mapping


@command("import")
@click.argument("tenant")
@click.argument("table")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="file", show_default=True, help="The system the file comes from; ids are unique within it.")
@click.option(
    "--mapping", "mapping_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A mapping as JSON."
)
@click.option("--template", "template_key", default="", help="A template of a well-known export, such as shopify_orders.")
@click.option("--encoding", help="utf-8, utf-16, gb18030, big5 or cp1252; detected where not given.")
@click.option("--part", default="", help="The sheet of a workbook, or the file of an archive; else the largest.")
@click.option("--name", default="", help="labelled: the table's name; else the file's.")
@click.option("--as-of-column", default="", help="labelled: the column with the day each line speaks of; else by its name.")
@click.option("--customer-column", default="", help="labelled: the column with the customer's id in --source; else by its name.")
@click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")
@click.option("--wait/--no-wait", default=True, help="Wait for the job.")
def import_(
    console: Console,
    tenant: str,
    table: str,
    file: Path,
    source: str,
    mapping_file: Path | None,
    template_key: str,
    encoding: str | None,
    part: str,
    name: str,
    as_of_column: str,
    customer_column: str,
    dry_run: bool,
    wait: bool,
) -> None:
    """Load FILE into TABLE of TENANT: customers, orders, products, tickets, … or `labelled`, lines with an outcome to predict.

    FILE is CSV, TSV, a workbook (XLSX, XLS, ODS) or Parquet; CSV and TSV may be packed (ZIP, gzip).

    Asks nothing: the mapping is --mapping or --template, else the one saved for this source and header, else the guess.
    """
    from kith_platform.cli.waiting import finished
    from kith_platform.imports import dirt, service, templates, uploads
    from kith_platform.imports.shown import unknown

    if table == "labelled":
        if mapping_file or template_key or dry_run:
            raise click.UsageError("A labelled table is taken as it is: --mapping, --template and --dry-run do not go with it.")
        labelled.bring(
            console, tenant, file, source, encoding, part, name=name, as_of=as_of_column, customer=customer_column, wait=wait
        )
        return
    if name or as_of_column or customer_column:
        raise click.UsageError("--name, --as-of-column and --customer-column are for labelled tables.")
    if mapping_file and template_key:
        raise click.UsageError("Give --mapping or --template, not both.")
    company = console.tenant(tenant)
    runtime = console.runtime
    blobs = runtime.blobs.of(company.id)
    mapping = _mapping(mapping_file) if mapping_file else None
    with file.open("rb") as stream:
        kept = uploads.keep_file(blobs, stream, part=part)
    with runtime.doors.tenant_scope(company.id) as session:
        known = templates.offered(session, runtime.plugins)
        template = templates.named(known, template_key, table) if template_key else None
        asked: dict[str, Any] = {"mapping": mapping, "template": template, "encoding": encoding}
        seen = service.look(session, runtime.facts, blobs, kept[0], table, source=source, **asked)
        like = None if mapping or template else templates.recognised(seen.dialect, known)
        if like is not None:
            console.say(f"  This looks like: {like.name}. To use its columns: --template {like.key}")
        for item in seen.guess.mapping.fields:
            console.say(f"  {item.source} → {item.target}")
        for note in (*kept.notes, *seen.notes):
            console.say(f"  {note.text()}")
        row, job = service.start(
            session, None, table=table, source=source, file_name=file.name, kept=kept, seen=seen, dry_run=dry_run
        )
    if not wait:
        console.answer({"import": row.public_id.hex, "job": job.public_id.hex}, f"Asked for: import {row.public_id.hex}.")
        return
    result = finished(console, company, job)
    rejects = blobs.path(result["rejects"]) if result["rejects"] else None
    counts = {key: result[key] for key in ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")}
    document = {**counts, "rejects_file": rejects, "seconds": result["seconds"], "made": result["made"]}
    for sentence in dirt.told(result["made"].get("dirt", {})):
        console.say(f"  {sentence}")
    for label, count in unknown(result["made"], runtime.facts):
        console.say(f"  {label}: {count:,} rows name one that is not known yet. Import it, then this file again.")
    console.answer(document)


def _mapping(path: Path) -> Mapping:
    from kith_platform.imports.mapping import Mapping
    from kith_platform.imports.problems import FileProblem

    try:
        return Mapping.from_json(json.loads(path.read_text("utf-8")))
    except ValueError as error:  # neither UTF-8 nor JSON
        raise FileProblem("mapping", detail=f"{path.name}: {error}") from None


COMMANDS = (import_,)
