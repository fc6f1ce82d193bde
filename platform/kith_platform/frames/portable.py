"""The proof that an expression runs on Spark too: it compiles."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir


def spark_sql(expression: ir.Expr) -> str:
    """The expression in Spark's SQL. Raises ibis.common.exceptions.OperationNotDefinedError where Spark has no such thing."""
    return str(ibis.to_sql(expression, dialect="pyspark"))
