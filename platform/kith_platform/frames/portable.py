"""The proof that an expression runs on Spark too: it compiles. Needs no Spark."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis.config import Config, options

from kith_platform.frames.service import Frames


class _SparkOptions(Config):  # type: ignore[misc]
    """What Ibis's compiler asks of its Spark backend's options, which are there only where pyspark is installed."""

    treat_nan_as_null: bool = False


def spark_sql(expression: ir.Expr) -> str:
    """The expression in Spark's SQL. Raises ibis.common.exceptions.OperationNotDefinedError where Spark has no such thing."""
    if options.pyspark is None:
        options.pyspark = _SparkOptions()
    return str(ibis.to_sql(expression, dialect="pyspark"))


def spelled_out(frames: Frames) -> Frames:
    """The same frames, whose expressions say everything themselves where they would name a view of the engine's: so what is
    compiled for Spark is all that is run."""
    frames.views = False
    return frames
