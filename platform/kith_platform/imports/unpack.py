"""`python -m kith_platform.imports.unpack FILE INTO [PART]`: containers.unpack under limits, and the call that starts it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

from kith_platform.imports.containers import Unpacked, unpack
from kith_platform.imports.problems import FileProblem

SECONDS, MEMORY = 120, 2 << 30
PROBLEM = 3


def unpacked(path: Path, into: Path, part: str = "") -> Unpacked:
    """The table of a container as CSV in `into`, written by a child with `MEMORY` bytes and `SECONDS`. Raises FileProblem."""
    command = [sys.executable, "-m", __name__, str(path), str(into), part]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise FileProblem("bomb", megabytes=MEMORY >> 20) from None
    if done.returncode not in (0, PROBLEM):  # killed by a limit, or by what it read
        raise FileProblem("broken")
    said = json.loads(done.stdout)
    if done.returncode == PROBLEM:
        raise FileProblem(said["problem"], **said["params"])
    return Unpacked(said["part"], tuple(said["others"]))


def main(path: str, into: str, part: str = "") -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        found = unpack(Path(path), Path(into), part)
    except FileProblem as problem:
        sys.stdout.write(json.dumps({"problem": problem.code, "params": problem.params}))
        return PROBLEM
    except MemoryError:
        sys.stdout.write(json.dumps({"problem": "bomb", "params": {"megabytes": MEMORY >> 20}}))
        return PROBLEM
    sys.stdout.write(json.dumps({"part": found.part, "others": found.others}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
