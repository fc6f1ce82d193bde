"""Settings: read once from the environment, here and nowhere else. Imports nothing of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


def default_home() -> Path:
    """`.kith/` beside the Makefile in a checkout, `~/.kith` otherwise."""
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "Makefile").is_file() and (checkout / "tenants").is_dir():
        return checkout / ".kith"
    return Path.home() / ".kith"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything an operator may set. Each field is the environment variable KITH_<FIELD IN CAPITALS>."""

    home: Path = field(default_factory=default_home)
    database_url: str = ""  # role kith_app; empty: the embedded PostgreSQL of `home`
    database_auth_url: str = ""  # role kith_auth
    database_dispatch_url: str = ""  # role kith_dispatch
    database_owner_url: str = ""  # role that may become kith_owner: migrate and restore
    database_backup_url: str = ""  # role kith_backup
    redis_url: str = ""  # empty: the embedded Valkey of `home`
    blob_url: str = ""  # fsspec URL; empty: a folder under `home`
    mail_url: str = ""  # smtp://user:password@host:port; empty: messages stay in the outbox
    mail_from: str = "Kith <kith@localhost>"
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: int = 0  # how many proxies stand before Kith and set X-Forwarded-*
    secret_key: str = ""  # empty: made once and kept under `home`
    log_level: str = "info"
    log_json: bool = False
    plugins_strict: bool = False  # a plugin that cannot be used stops the boot
    plugins_trace: bool = False  # hook calls are written to stderr
    job_lease_seconds: float = 30.0
    job_heartbeat_seconds: float = 10.0
    job_reconcile_seconds: float = 5.0
    job_threads: int = 0  # 0: cores ÷ busy workers
    job_memory_mb: int = 0  # 0: a quarter of the machine's memory
    web_workers: int = 2
    web_threads: int = 4
    chromium: str = ""  # the browser that prints reports; empty: the one that is found; none: set without a browser
    upload_mb: int = 200  # the largest file that the page and the API take

    @property
    def embedded_database(self) -> bool:
        return not self.database_url

    @property
    def embedded_redis(self) -> bool:
        return not self.redis_url

    @staticmethod
    def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
        """Read KITH_* variables. Raises ValueError naming the variable whose value does not fit."""
        env = os.environ if environment is None else environment
        values: dict[str, object] = {}
        for name, spec in Settings.__dataclass_fields__.items():
            raw = env.get(f"KITH_{name.upper()}")
            if raw is None or raw == "":
                continue
            try:
                values[name] = _convert(str(spec.type), raw)
            except ValueError as error:
                raise ValueError(f"KITH_{name.upper()}={raw!r}: {error}") from error
        return Settings(**values)  # type: ignore[arg-type]


def _convert(kind: str, raw: str) -> object:
    if kind == "Path":
        return Path(raw).expanduser().resolve()
    if kind == "bool":
        if raw.lower() not in {"0", "1", "true", "false", "yes", "no"}:
            raise ValueError("use 1 or 0")
        return raw.lower() in {"1", "true", "yes"}
    if kind == "int":
        return int(raw)
    if kind == "float":
        return float(raw)
    return raw
