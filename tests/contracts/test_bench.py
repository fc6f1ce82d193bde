"""Benches that need no server still run: what they call may not change without them. What they measure here says nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALONE = ("training", "scoring", "features", "forecasts")


def test_benches_that_need_no_server_run_at_a_small_size() -> None:
    command = [sys.executable, "-m", "bench", *ALONE]
    small = {**os.environ, "BENCH_SCALE": "0.002"}
    done = subprocess.run(command, cwd=ROOT, env=small, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0
    assert "skipped" not in done.stderr, done.stderr
    assert len(done.stdout.splitlines()) > len(ALONE)
