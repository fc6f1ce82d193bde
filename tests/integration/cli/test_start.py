"""`kith --help` answers at once: what a command needs is loaded when that command runs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("alembic", "duckdb", "flask", "ibis", "numpy", "polars", "psycopg", "pyarrow", "redis", "scipy", "sqlalchemy", "xgboost")
PROGRAM = f"""
import sys
sys.argv = ["kith", "--help"]
from kith_platform.cli import main
main()
print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""


def test_help_names_every_command_and_loads_no_heavy_library() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    for command in ("import", "refresh", "train", "scores", "metrics", "module", "jobs", "tenant", "up", "worker"):
        assert f"\n  {command} " in done.stdout
    assert done.stderr.split() == []
