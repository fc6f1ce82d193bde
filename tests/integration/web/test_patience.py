"""A page whose query would run for minutes is stopped, and says so; the next one is served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from kith_platform.auth import edge
from kith_platform.customers import listing


def test_a_query_that_takes_too_long_is_stopped_with_words(
    client_for: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for("analyst")
    address = f"/c/{client.slug}/customers/"
    assert client.get(address).status_code == 200

    def slow(session: Any, *_: Any, **__: Any) -> int:
        session.execute(text("SELECT pg_sleep(20)"))
        return 0

    monkeypatch.setattr(edge, "PATIENCE", "200ms")
    with monkeypatch.context() as patched:
        patched.setattr(listing, "page", slow)
        answer = client.get(address)
    assert answer.status_code == 503
    assert "took too long" in answer.get_data(as_text=True)
    assert client.get(address).status_code == 200
