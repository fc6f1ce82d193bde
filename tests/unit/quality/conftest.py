"""The company of the frames' tests: facts written straight to Parquet, without servers."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def make_company(tmp_path: Path) -> Iterator[Callable[[], Any]]:
    # pytest gives conftest modules no name to import them by
    path = Path(__file__).parents[1] / "frames" / "conftest.py"
    spec = importlib.util.spec_from_file_location("frames_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    neighbour = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(neighbour)
    made: list[Any] = []

    def make() -> Any:
        made.append(neighbour.Company(tmp_path / str(len(made))))
        return made[-1]

    yield make
    for company in made:
        company.close()
