from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kith_platform.config import Settings
from kith_platform.servers.embedded import Embedded


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: pytest's own is too long for sockets."""
    path = Path(tempfile.mkdtemp(prefix="k-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings(home=folder / "home")


@pytest.fixture
def servers(settings: Settings) -> Iterator[Embedded]:
    """Embedded servers, not yet started, stopped at the end; without the disk's confirmation, which takes seconds."""
    embedded = Embedded(settings, durable=False)
    yield embedded
    embedded.down()


@pytest.fixture
def durable(settings: Settings) -> Iterator[Embedded]:
    """Embedded servers as an operator gets them."""
    embedded = Embedded(settings)
    yield embedded
    embedded.down()
