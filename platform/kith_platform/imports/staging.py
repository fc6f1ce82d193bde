"""The temporary table a chunk is copied into. It ends with the transaction; COPY cannot write under row level security itself."""

from __future__ import annotations

import io
from collections.abc import Mapping as Dictionary
from typing import Any

import polars as pl
from psycopg import sql
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, MetaData, Numeric, Table, Uuid
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from kith_platform.imports.typed import PUBLIC
from kith_tenants.schema import Name


def stage(session: Session, frame: pl.DataFrame) -> Table:
    """Copy the frame into a fresh temporary table with columns s0, s1, …; their meaning is in each column's `info["target"]`."""
    table = Table(
        "staging",
        MetaData(),
        *(
            Column(f"s{at}", Uuid() if name == PUBLIC else _type(dtype), info={"target": name})
            for at, (name, dtype) in enumerate(frame.schema.items())
        ),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    connection = session.connection()
    table.create(connection)
    driver = connection.connection.driver_connection
    buffer = io.BytesIO()
    # Strings quoted, nulls not: the only way that an empty text and no value stay two things.
    frame.write_csv(buffer, include_header=False, quote_style="non_numeric", null_value="\\N")
    command = sql.SQL("COPY {} FROM STDIN (FORMAT csv, NULL '\\N')").format(sql.Identifier(table.name))
    with driver.cursor() as cursor, cursor.copy(command) as copy:  # type: ignore[union-attr]
        copy.write(buffer.getbuffer())
    return table


def targets(table: Table) -> Dictionary[str, Column[object]]:
    """Staging columns by what they hold."""
    return {column.info["target"]: column for column in table.columns}


def _type(dtype: pl.DataType) -> TypeEngine[Any]:
    if dtype == pl.String:
        return Name
    if dtype == pl.Date:
        return Date()
    if dtype == pl.Boolean:
        return Boolean()
    if dtype.is_integer():
        return BigInteger()
    if dtype.is_temporal():
        return DateTime(timezone=True)
    return Numeric()
