"""Before any test is collected: what libraries read when they are loaded, and short tracebacks in logs."""

from __future__ import annotations

import os

import hypothesis
import structlog

from kith_platform.jobs import resources

resources.tell_libraries(os.environ, 1)  # the tests' processes share the cores
# A busy machine is no fault of what is tested.
hypothesis.settings.register_profile("kith", deadline=None)
hypothesis.settings.load_profile("kith")
# The usual renderer writes each frame's variables: minutes where one of them is an expression over all features.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
