"""Which servers the settings lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from kith_platform.config import Settings
from kith_platform.servers.embedded import Embedded
from kith_platform.servers.home import ServerError
from kith_platform.servers.programs import QUEUES, environment, programs

OWN = Settings(
    home=Path("/nowhere"),
    database_url="postgresql+psycopg://kith_app@db/kith",
    database_auth_url="postgresql+psycopg://kith_auth@db/kith",
    database_dispatch_url="postgresql+psycopg://kith_dispatch@db/kith",
    redis_url="redis://cache/1",
)


def test_a_database_and_redis_of_ones_own_are_used_as_given() -> None:
    urls = Embedded(OWN).ensure()
    assert (urls.app, urls.auth, urls.dispatch) == (OWN.database_url, OWN.database_auth_url, OWN.database_dispatch_url)
    assert (urls.owner, urls.backup, urls.superuser) == (None, None, None)
    assert urls.redis == "redis://cache/1"


@pytest.mark.parametrize("missing", ["database_url", "database_auth_url", "database_dispatch_url"])
def test_a_half_given_database_names_what_is_missing(missing: str) -> None:
    settings = Settings(**{**OWN.__dict__, missing: ""})
    with pytest.raises(ServerError, match=f"KITH_{missing.upper()} too"):
        Embedded(settings).urls()


def test_children_read_the_same_settings_from_their_environment() -> None:
    settings = Settings(home=Path("/nowhere/a b"), log_json=True, job_lease_seconds=2.5, web_workers=3, secret_key="s")
    assert Settings.from_environment(environment(settings)) == settings


def test_a_site_has_one_worker_for_each_queue() -> None:
    site = programs(Settings(home=Path("/nowhere")), 8123)
    assert [program.name for program in site] == ["web", "dispatcher", "schedule", *(f"worker-{q}" for q in QUEUES)]
    assert [program.command[-1] for program in site[3:]] == list(QUEUES)
    assert "127.0.0.1:8123" in site[0].command
