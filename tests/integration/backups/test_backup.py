"""A backup brings everything back, says when it cannot, and never writes over what is there."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner
from sqlalchemy import func, insert, select

from kith_platform.backups import database
from kith_platform.backups.lint import problems
from kith_platform.backups.manifest import DUMP, BackupManifest, NotABackup, TableSum
from kith_platform.backups.put_back import RestoreFailed, restore
from kith_platform.backups.take import backup
from kith_platform.cli import backup as cli
from kith_platform.config import Settings
from kith_platform.errors import Conflict
from kith_platform.facts.models import SalesOrder
from kith_platform.migrate import owner_connection
from kith_platform.predict import versions
from kith_platform.predict.artefacts import Tampered
from kith_platform.predict.training import Trained
from kith_platform.runtime import Runtime, open_runtime
from kith_platform.servers.embedded import Embedded
from kith_tenants import registry
from kith_tenants.tenant import TenantContext

NOON = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)
MODEL = b'{"kith_model": "rates"}'
UPLOAD = "imports/0001/source"


@dataclass(frozen=True)
class Saved:
    """An installation that was, its backups, and what its database held."""

    folder: Path
    without_keys: Path
    settings: Settings
    manifest: BackupManifest
    tables: dict[str, TableSum]


def order(runtime: Runtime, tenant: TenantContext, number: int) -> int:
    row = {"source": "shop", "external_id": f"订单 {number}", "currency": "USD", "net": number, "occurred_at": NOON}
    row |= {"occurred_on": NOON.date(), "known_at": NOON}
    with runtime.doors.tenant_scope(tenant.id) as session:
        return session.execute(insert(SalesOrder).returning(SalesOrder.id), [row]).scalar_one()


def fill(runtime: Runtime) -> None:
    for slug in ("acme", "other"):
        with runtime.doors.auth_scope() as session:
            tenant = registry.create(session, slug, name=slug.title())
        for number in range(20):
            order(runtime, tenant, number)
        with runtime.doors.tenant_scope(tenant.id) as session:
            trained = Trained(ships=True, verdict="better_than_baseline", tier="rates", artefact=MODEL)
            given = {"as_of": NOON.date(), "watermark": NOON, "snapshot": "0" * 32, "seed": 1}
            versions.save(session, "churn", trained, key=runtime.model_key, **given)
        with runtime.blobs.of(tenant.id).open(UPLOAD, "wb") as stream:
            stream.write(slug.encode() * 1000)


def sums(settings: Settings) -> dict[str, TableSum]:
    url = Embedded(settings).ensure().superuser
    assert url is not None
    with database.connected(url) as connection:
        return {str(table): database.table_sum(connection, table) for table in database.tables(connection)}


@contextmanager
def opened(settings: Settings) -> Iterator[Runtime]:
    runtime = open_runtime(settings, durable=False)
    try:
        yield runtime
    finally:
        runtime.close()


@contextmanager
def fresh_home() -> Iterator[Settings]:
    with TemporaryDirectory(prefix="kith-backup-") as folder:
        settings = Settings(home=Path(folder) / "home")
        try:
            yield settings
        finally:
            Embedded(settings).down()


def found(runtime: Runtime, slug: str) -> TenantContext:
    with runtime.doors.auth_scope() as session:
        return registry.find(session, slug)


def model(runtime: Runtime, tenant: TenantContext) -> bytes:
    with runtime.doors.tenant_scope(tenant.id) as session:
        row = versions.champion(session, "churn")
        assert row is not None
        return versions.artefact(session, row, runtime.model_key)


@pytest.fixture(scope="module")
def saved() -> Iterator[Saved]:
    """A filled installation, saved with and without its keys, then destroyed."""
    with TemporaryDirectory(prefix="kith-saved-") as folder, fresh_home() as settings:
        with opened(settings) as runtime:
            fill(runtime)
            without = Path(folder) / "without"
            manifest = backup(settings, Path(folder) / "with", with_keys=True)
            backup(settings, without)
        tables = sums(settings)
        Embedded(settings).down()
        shutil.rmtree(settings.home)
        yield Saved(Path(folder) / "with", without, settings, manifest, tables)


@pytest.fixture(scope="module")
def back(saved: Saved) -> Iterator[Settings]:
    """The backup with keys, restored into a home of its own."""
    with fresh_home() as settings:
        done = restore(settings, saved.folder)
        assert done.keys == {"model_key": "restored", "secret_key": "restored"}
        yield settings


def test_every_table_is_as_it_was(saved: Saved, back: Settings) -> None:
    assert saved.tables["kith.sales_order"].rows == 40
    assert sums(back) == saved.tables == saved.manifest.tables


def test_models_open_and_files_are_back(back: Settings) -> None:
    with opened(back) as runtime:
        for slug in ("acme", "other"):
            tenant = found(runtime, slug)
            assert model(runtime, tenant) == MODEL
            with runtime.blobs.of(tenant.id).open(UPLOAD) as stream:
                assert stream.read() == slug.encode() * 1000


def test_companies_are_still_kept_apart_and_numbers_go_on(back: Settings) -> None:
    with opened(back) as runtime:
        acme, other = found(runtime, "acme"), found(runtime, "other")
        with runtime.doors.tenant_scope(acme.id) as session:
            highest = session.execute(select(func.max(SalesOrder.id))).scalar_one()
            assert session.execute(select(func.count()).select_from(SalesOrder)).scalar_one() == 20
        new = order(runtime, acme, 1000)
        assert new > highest
        with runtime.doors.tenant_scope(other.id) as session:
            assert session.get(SalesOrder, (acme.id, new)) is None
            session.rollback()


def test_a_full_installation_is_never_written_over(saved: Saved, back: Settings) -> None:
    before = sums(back)
    with pytest.raises(Conflict, match="files in this installation already"):
        restore(back, saved.folder)
    shutil.rmtree(Embedded(back).home.blobs / "tenants")
    with pytest.raises(Conflict, match="not empty: there are rows in"):
        restore(back, saved.folder)
    assert sums(back) == before


def test_a_table_without_its_policy_is_found(back: Settings) -> None:
    urls = Embedded(back).ensure()
    assert urls.superuser is not None
    with database.connected(urls.superuser) as connection:
        assert problems(connection) == []
        connection.execute("BEGIN")
        connection.execute("ALTER TABLE kith.ticket NO FORCE ROW LEVEL SECURITY")
        connection.execute("DROP POLICY tenant ON kith.customer")
        connection.execute("ALTER TABLE kith.sales_order ALTER id RESTART WITH 3")
        connection.execute("ALTER ROLE kith_app BYPASSRLS")
        told = " ".join(problems(connection))
        connection.execute("ROLLBACK")
    for word in ("kith.ticket", "kith.customer ", "kith.sales_order.id", "kith_app"):
        assert word in told


def test_without_its_key_a_model_stays_shut_until_the_key_is_put_there(saved: Saved) -> None:
    with fresh_home() as settings:
        done = restore(settings, saved.without_keys)
        assert done.keys == {"model_key": "different", "secret_key": "different"}
        with opened(settings) as runtime, pytest.raises(Tampered):
            model(runtime, found(runtime, "acme"))
        shutil.copy(saved.folder / "keys" / "model_key", Embedded(settings).home.keys / "model_key")
        with opened(settings) as runtime:
            assert model(runtime, found(runtime, "acme")) == MODEL


def test_a_backup_without_keys_holds_none(saved: Saved) -> None:
    secrets = [path.read_bytes() for path in (saved.folder / "keys").iterdir()]
    assert len(secrets) == 2
    for path in saved.without_keys.rglob("*"):
        assert path.is_dir() or not any(secret in path.read_bytes() for secret in secrets)


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: damage(folder / DUMP), "database.dump of the backup"),
        (lambda folder: next((folder / "blobs").rglob("source")).unlink(), "missing or damaged"),
        (lambda folder: (folder / "manifest.json").unlink(), "not a finished backup"),
    ],
)
def test_a_damaged_backup_is_refused_before_anything_is_touched(
    saved: Saved, tmp_path: Path, harm: Callable[[Path], None], words: str
) -> None:
    copy = shutil.copytree(saved.folder, tmp_path / "copy")
    harm(copy)
    with pytest.raises(NotABackup, match=words):
        restore(Settings(home=tmp_path / "home"), copy)
    assert not (tmp_path / "home").exists()


def test_a_site_that_runs_is_not_restored_under_its_feet(saved: Saved) -> None:
    with fresh_home() as settings, opened(settings) as runtime:
        with runtime.doors.dispatch_scope(), pytest.raises(Conflict, match="kith down"):
            restore(settings, saved.folder)
        with owner_connection(str(runtime.urls.superuser)) as held:
            assert held.exec_driver_sql("SELECT count(*) FROM kith.tenant").scalar_one() == 0


def test_what_differs_from_the_manifest_is_not_called_restored(saved: Saved, tmp_path: Path) -> None:
    copy = shutil.copytree(saved.folder, tmp_path / "copy")
    manifest = (copy / "manifest.json").read_text()
    checksum = saved.manifest.tables["kith.sales_order"].checksum
    (copy / "manifest.json").write_text(manifest.replace(checksum, "1"))
    with fresh_home() as settings, pytest.raises(RestoreFailed, match=r"kith\.sales_order differs"):
        restore(settings, copy)


def test_backup_answers_with_one_json_document_and_never_overwrites(
    back: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITH_HOME", str(back.home))
    runner = CliRunner()
    made = runner.invoke(cli.backup, [str(tmp_path / "b"), "--json"])
    assert made.exit_code == 0
    assert '"companies": 2' in made.stdout
    assert made.stdout.count("\n") == 1
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o700
    again = runner.invoke(cli.backup, [str(tmp_path / "b")])
    assert isinstance(again.exception, Conflict)
