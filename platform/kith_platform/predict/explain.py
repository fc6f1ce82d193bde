"""Reasons of one customer, where a company has too many for all to have theirs stored (`reasons.EXPLAINED`).

With the scores a refresh then leaves the features they were made of, in groups of rows of which one is read at a click.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.orm import Session

from kith_platform.blobs import TenantBlobs
from kith_platform.predict import versions
from kith_platform.predict.models import CHAMPION, ModelVersion, Score
from kith_platform.predict.tasks import Task
from kith_platform.runtime import Runtime
from kith_tenants.tenant import TenantContext

if TYPE_CHECKING:  # a page that explains nothing loads none of them
    from kith_platform.predict.matrix import Matrix

FILE = "models/features.parquet"
GROUP = 10_000  # rows that a click reads
AS_OF = b"kith_as_of"


def many(customers: int) -> bool:
    """Whether so many customers have their reasons only at a click."""
    from kith_platform.predict.reasons import EXPLAINED

    return customers > EXPLAINED


def keep(blobs: TenantBlobs, as_of: dt.date, features: Callable[[], Matrix], *, stamp: str) -> None:
    """Leave the features of a day, unless those of this `stamp` (a snapshot) lie there already."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    mark = {AS_OF: as_of.isoformat().encode(), b"kith_stamp": stamp.encode()}
    if blobs.exists(FILE):
        with blobs.open(FILE) as stream:
            if (pq.read_schema(stream).metadata or {}).get(b"kith_stamp") == stamp.encode():
                return
    matrix = features()
    columns = [pa.array(matrix.ids), *(pa.array(column) for column in matrix.values.T.astype(np.float32))]  # as trees see them
    table = pa.Table.from_arrays(columns, names=["customer_id", *matrix.names]).replace_schema_metadata(mark)
    with blobs.open(FILE, "wb") as stream:
        pq.write_table(table, stream, row_group_size=GROUP)


def forget(blobs: TenantBlobs) -> None:
    """Drop the features that lie there, after customers were erased; the next refresh with new data leaves others."""
    blobs.remove(FILE)


def row_of(blobs: TenantBlobs, customer: int, as_of: dt.date) -> Matrix | None:
    """The customer's features of the day; None where there are none, or only of another day."""
    import numpy as np
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from kith_platform.predict.matrix import Matrix

    if not blobs.exists(FILE):
        return None
    with blobs.open(FILE) as stream:
        file = pq.ParquetFile(stream)
        if (file.schema_arrow.metadata or {}).get(AS_OF) != as_of.isoformat().encode():
            return None
        for group in range(file.num_row_groups):
            ends = file.metadata.row_group(group).column(0).statistics
            if ends is not None and ends.min <= customer <= ends.max:
                rows = file.read_row_group(group)
                rows = rows.filter(pc.equal(rows["customer_id"], customer))
                if rows.num_rows:
                    names = tuple(rows.column_names[1:])
                    values = np.array([[rows[name][0].as_py() for name in names]], dtype=np.float64)
                    return Matrix(np.array([customer]), values, names, {})
    return None


def missing(task: Task, score: Score, version: ModelVersion | None) -> bool:
    """Whether the score has no reasons stored and may get them at a click: it is a model's, not a rule's."""
    return not score.reasons and task.explain is not None and version is not None and version.state == CHAMPION


def of_customer(
    runtime: Runtime, session: Session, tenant: TenantContext, task: Task, score: Score
) -> list[Mapping[str, Any]] | None:
    """The reasons of a score by the version that made it; None where its features are gone. Raises Tampered."""
    champion = versions.champion(session, task.key)
    if champion is None or champion.version != score.version or task.explain is None:
        return None
    row = row_of(runtime.blobs.of(tenant.id), score.customer_id, score.as_of)
    if row is None:
        return None
    found = task.explain(row, versions.artefact(session, champion, runtime.model_key), champion.report)
    return cast("list[Mapping[str, Any]]", found)
