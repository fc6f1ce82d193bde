"""The company of the metrics' tests: facts come by import, values are computed from a snapshot."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kith_platform.runtime import Runtime

sys.path.insert(0, str(Path(__file__).parents[1] / "metrics"))  # for vectors


@pytest.fixture(scope="module")
def vectors(runtime: Runtime, member_of: Callable[..., FlaskClient]) -> Callable[..., Any]:
    """Makes companies that a module's tests read together: see `vectors.Vectors`."""
    from vectors import Vectors

    def make(**given: str) -> Any:
        return Vectors(runtime, lambda tenant: member_of(tenant, "owner"), **given)

    return make
