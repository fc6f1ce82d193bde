"""The embedded servers, as somebody meets them who kills, copies and restarts things."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import redis

from kith_platform.config import Settings
from kith_platform.servers import home as home_module
from kith_platform.servers import unprivileged
from kith_platform.servers.embedded import Embedded
from kith_platform.servers.home import ServerError

ENSURE = """
import sys
from pathlib import Path
from kith_platform.config import Settings
from kith_platform.servers.embedded import Embedded
embedded = Embedded(Settings(home=Path(sys.argv[1])))
embedded.ensure()
print(embedded.postgres.postmaster(), embedded.valkey.process())
"""


def connect(servers: Embedded) -> psycopg.Connection:
    assert servers.postgres is not None
    return psycopg.connect(servers.postgres.superuser_url().replace("+psycopg", ""), autocommit=True)


def queue(servers: Embedded) -> redis.Redis:
    return redis.Redis.from_url(servers.urls().redis)


def processes(servers: Embedded) -> tuple[int, int]:
    assert servers.postgres is not None
    assert servers.valkey is not None
    postmaster, valkey = servers.postgres.postmaster(), servers.valkey.process()
    assert postmaster is not None
    assert valkey is not None
    return postmaster, valkey


def ensure_elsewhere(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", ENSURE, str(home)], stdout=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> tuple[int, int]:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    postmaster, valkey = out.split()
    return int(postmaster), int(valkey)


def test_servers_start_answer_and_stop(durable: Embedded) -> None:
    assert not durable.ready()
    durable.ensure()
    assert durable.ready()
    with connect(durable) as connection:
        row = connection.execute(
            "SELECT current_database(), current_setting('server_version_num')::int / 10000,"
            " current_setting('listen_addresses'), current_setting('transaction_timeout'), datcollate, datlocprovider"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row == ("kith", 18, "", "15min", "C", "b")
    settings = queue(durable).config_get()
    assert {name: settings[name] for name in ("appendonly", "appendfsync", "save", "maxmemory-policy", "port")} == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "port": "0",
    }
    durable.down()
    assert not durable.ready()
    assert not durable.alive()


def test_a_second_process_finds_the_same_servers(servers: Embedded, settings: Settings) -> None:
    servers.ensure()
    assert answer(ensure_elsewhere(settings.home)) == processes(servers)


def test_servers_outlive_the_process_that_started_them(servers: Embedded, settings: Settings) -> None:
    started = answer(ensure_elsewhere(settings.home))
    assert processes(servers) == started
    assert servers.ready()


def test_two_processes_at_once_start_one_server(servers: Embedded, settings: Settings) -> None:
    racers = [ensure_elsewhere(settings.home) for _ in range(3)]
    assert {answer(racer) for racer in racers} == {processes(servers)}


def test_rows_survive_kill_9_of_postgres_with_live_clients(durable: Embedded) -> None:
    durable.ensure()
    before, _ = processes(durable)
    client = connect(durable)
    client.execute("CREATE TABLE customer AS SELECT generate_series(1, 1000) AS id")
    os.kill(before, signal.SIGKILL)
    durable.ensure()
    assert processes(durable)[0] != before
    with connect(durable) as connection:
        assert connection.execute("SELECT count(*) FROM customer").fetchone() == (1000,)
    client.close()


def test_postgres_comes_back_although_a_child_of_the_killed_one_is_in_a_long_query(servers: Embedded) -> None:
    servers.ensure()
    before, _ = processes(servers)
    with connect(servers) as client, ThreadPoolExecutor(1) as background:
        child = client.info.backend_pid
        asked = background.submit(client.execute, "SELECT count(md5(n::text)) FROM generate_series(1, 2000000000) n")
        while "SELECT" not in Path(f"/proc/{child}/cmdline").read_text():
            time.sleep(0.05)
        os.kill(before, signal.SIGKILL)
        servers.ensure()
        assert servers.ready()
        with pytest.raises(psycopg.OperationalError):
            asked.result(timeout=60)


def test_queued_jobs_survive_kill_9_of_valkey(durable: Embedded) -> None:
    durable.ensure()
    _, before = processes(durable)
    client = queue(durable)
    for number in range(100):
        client.rpush("jobs", number)
    # The append-only file reaches the kernel with each command and the disk each second; kill -9 loses neither.
    os.kill(before, signal.SIGKILL)
    durable.ensure()
    assert processes(durable)[1] != before
    assert queue(durable).llen("jobs") == 100


def test_a_pid_file_whose_number_belongs_to_somebody_else_is_stale(servers: Embedded) -> None:
    servers.ensure()
    assert servers.postgres is not None
    assert servers.valkey is not None
    for server in processes(servers):
        os.kill(server, signal.SIGKILL)
    pid_file = servers.home.pg / "postmaster.pid"
    stranger = subprocess.Popen(["sleep", "300"])
    try:
        for path in (pid_file, servers.home.valkey / "valkey.pid"):
            _, _, rest = path.read_text().partition("\n")
            path.write_text(f"{stranger.pid}\n{rest}")
        assert not servers.alive()
        servers.down()
        assert stranger.poll() is None
        servers.ensure()
        assert servers.ready()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_servers_whose_sockets_were_cleaned_away_are_replaced_and_lose_nothing(durable: Embedded) -> None:
    durable.ensure()
    before = processes(durable)
    queue(durable).set("a", 1)
    with connect(durable) as client:
        client.execute("CREATE TABLE customer (id int)")
    for path in durable.home.sockets.iterdir():
        path.unlink()
    assert not durable.ready()
    durable.ensure()
    assert not set(processes(durable)) & set(before)
    assert queue(durable).get("a") == b"1"
    with connect(durable) as client:
        assert client.execute("SELECT count(*) FROM customer").fetchone() == (0,)


def test_a_second_valkey_never_shares_the_append_only_file(durable: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    durable.ensure()
    _, before = processes(durable)
    (durable.home.valkey / "valkey.pid").unlink()  # so that nothing but the lock on the folder tells of the first
    durable.valkey.socket.rename(durable.valkey.socket.with_suffix(".away"))
    monkeypatch.setattr("kith_platform.servers.valkey.START_SECONDS", 0.1)
    with pytest.raises(ServerError, match="Valkey does not start"):
        durable.ensure()
    os.kill(before, signal.SIGTERM)


def test_folders_and_secrets_are_closed_to_others(servers: Embedded) -> None:
    servers.ensure()
    home = servers.home
    for path in (home.pg, home.valkey, home.sockets, home.keys, home.blobs, home.logs):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for path in [*home.keys.iterdir(), *home.logs.iterdir(), home.valkey / "valkey.conf", home.pg / "kith.conf"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_no_password_stands_on_a_command_line(servers: Embedded) -> None:
    servers.ensure()
    secrets = {path.read_text() for path in servers.home.keys.iterdir()}
    for process in processes(servers):
        shown = Path(f"/proc/{process}/cmdline").read_text() + Path(f"/proc/{process}/environ").read_text()
        assert not any(secret in shown for secret in secrets)


def test_a_wrong_password_is_refused(servers: Embedded) -> None:
    servers.ensure()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=str(servers.home.sockets), user="postgres", password="guess", dbname="kith")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=f"{servers.home.sockets}/valkey.sock", password="guess").ping()


def test_a_home_with_a_long_path_works(folder: Path) -> None:
    servers = Embedded(Settings(home=folder / ("long " * 30) / "home"))
    try:
        servers.ensure()
        assert servers.ready()
        assert len(os.fsencode(servers.home.sockets / ".s.PGSQL.5432.lock")) < 100
        assert stat.S_IMODE(servers.home.sockets.stat().st_mode) == 0o700
        assert (servers.home.path / "run").resolve() == servers.home.sockets
    finally:
        servers.down()
        servers.home.sockets.rmdir()


def test_a_home_with_quotes_and_chinese_in_its_path_works(folder: Path) -> None:
    servers = Embedded(Settings(home=folder / "it's 客户 50%"))
    try:
        servers.ensure()
        assert servers.ready()
        with connect(servers) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        servers.down()


def test_sockets_never_go_to_a_link_of_somebody_else(folder: Path) -> None:
    servers = Embedded(Settings(home=folder / ("long" * 30)))
    sockets = servers.home.sockets
    sockets.symlink_to(folder)
    try:
        with pytest.raises(ServerError, match="belongs to somebody else"):
            servers.ensure()
    finally:
        sockets.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder somebody else's")
def test_sockets_never_go_to_a_folder_of_somebody_else(folder: Path) -> None:
    servers = Embedded(Settings(home=folder / ("long" * 30)))
    sockets = servers.home.sockets
    sockets.mkdir(mode=0o777)
    os.chown(sockets, 12345, 12345)
    try:
        with pytest.raises(ServerError, match="belongs to somebody else"):
            servers.ensure()
    finally:
        sockets.rmdir()


def test_an_unfinished_first_start_is_begun_again(servers: Embedded) -> None:
    half = servers.home.path / "pg.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    servers.ensure()
    assert servers.ready()
    assert not half.exists()


def test_a_database_of_another_version_is_left_alone(servers: Embedded) -> None:
    servers.home.pg.mkdir(parents=True)
    (servers.home.pg / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServerError, match="PostgreSQL 16"):
        servers.ensure()
    assert [path.name for path in servers.home.pg.iterdir()] == ["PG_VERSION"]


def test_a_broken_database_folder_is_named_with_the_end_of_the_log(servers: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    servers.ensure()
    servers.down()
    (servers.home.pg / "global" / "pg_control").unlink()
    monkeypatch.setattr("kith_platform.servers.postgres.ATTEMPTS", 1)
    with pytest.raises(ServerError, match=r"(?s)does not start in .*pg_control"):
        servers.ensure()


def test_psql_runs_as_superuser_on_the_database_and_passes_output_through(servers: Embedded) -> None:
    servers.ensure()
    assert servers.postgres is not None
    command, environment = servers.postgres.psql(["-XAtc", "SELECT current_user, current_database()"])
    ran = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    assert ran.stdout == "postgres|kith\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")
def test_root_without_namespaces_runs_postgres_as_nobody(servers: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    servers.home.path.parent.chmod(0o711)
    monkeypatch.setattr(unprivileged.shutil, "which", lambda *_, **__: None)
    servers.ensure()
    postmaster, _ = processes(servers)
    assert Path(f"/proc/{postmaster}").stat().st_uid == servers.home.pg.stat().st_uid != 0
    os.kill(postmaster, signal.SIGKILL)
    servers.ensure()
    assert servers.ready()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")
def test_root_is_told_which_folder_is_closed(servers: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unprivileged.shutil, "which", lambda *_, **__: None)
    with pytest.raises(ServerError, match=f"may not enter {servers.home.path.parent} "):
        servers.ensure()


def test_a_secret_is_made_once(servers: Embedded) -> None:
    first = servers.home.secret_key
    assert len(first) == 43
    assert home_module.Home(servers.home.path).secret_key == first
    assert servers.home.model_key != first
