"""What is done for the next chunks while one is written: read, typed, and the customers and products it names made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from sqlalchemy import update

from kith_platform.imports import uploads
from kith_platform.imports.load import Job, grown, load_beside, prepare
from kith_platform.imports.models import Import
from kith_platform.imports.reading import Chunk, Offset, chunks
from kith_platform.imports.typed import Typed
from kith_platform.jobs.declared import JobRun

Item = TypeVar("Item")
CHUNK_LINES = 50_000


def ready(run: JobRun, row: Import, job_of: Job, *, begun: bool) -> Iterator[tuple[Chunk, Typed]]:
    """The chunks that are still to be loaded, prepared; where they shall be `begun`, what they name beside their lines is
    made."""
    prepared = one_ahead(_prepared(run, row, job_of))
    return one_ahead(_beside(run, row, job_of, prepared)) if begun else prepared


def _prepared(run: JobRun, row: Import, job_of: Job) -> Iterator[tuple[Chunk, Typed]]:
    for chunk in _left(run, row, job_of):
        yield chunk, prepare(chunk, job_of, now=dt.datetime.now(dt.UTC))


def _beside(run: JobRun, row: Import, job_of: Job, prepared: Iterator[tuple[Chunk, Typed]]) -> Iterator[tuple[Chunk, Typed]]:
    """The same chunks, once the customers and products that they name are there: committed while the lines of the chunk
    before are written. A kill between the two leaves customers that the next attempt finds."""
    made = row.made
    for chunk, typed in prepared:
        with run.step() as session:
            found = load_beside(session, typed, job_of)
            made = {**made, **grown(made, found)}
            if found:
                told = Import.made.concat({name: made[name] for name in found})
                session.execute(update(Import).where(Import.id == row.id).values(made=told))
        yield chunk, typed


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; the next is made by a thread while this one is used."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def _left(run: JobRun, row: Import, job_of: Job) -> Iterator[Chunk]:
    """The chunks that are still to be loaded. Those before are read, not loaded, where ids depend on the rows before."""
    opener = partial(uploads.open_file, run.runtime.blobs.of(run.tenant.id), row.blob)
    reached = Offset(row.next_byte, row.next_line, row.header_read)
    if reached.byte:
        for chunk in chunks(opener, job_of.dialect, rows=CHUNK_LINES):
            if chunk.start.byte >= reached.byte:
                break
            prepare(chunk, job_of, now=dt.datetime.now(dt.UTC))
    yield from chunks(opener, job_of.dialect, start=reached, rows=CHUNK_LINES)
