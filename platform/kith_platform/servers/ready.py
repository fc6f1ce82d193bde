"""`python -m kith_platform.servers.ready COMMAND…`: wait until the servers answer, then become COMMAND.

supervisor orders starts but does not wait; this does. Ends with 1 after two minutes, and supervisor tries again.
"""

from __future__ import annotations

import os
import sys
import time

from kith_platform.config import Settings
from kith_platform.servers.embedded import Embedded

WAIT_SECONDS = 120


def wait() -> bool:
    servers = Embedded(Settings.from_environment())
    deadline = time.monotonic() + WAIT_SECONDS
    while not servers.ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


if __name__ == "__main__":
    if not wait():
        sys.exit(f"the servers did not answer within {WAIT_SECONDS} seconds")
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - no shell is wanted
