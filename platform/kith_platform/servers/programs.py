"""What a site consists of, and supervisor's configuration for it."""

from __future__ import annotations

import os
import shlex
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from kith_platform.config import Settings
from kith_platform.servers.home import Home

QUEUES = ("interactive", "default", "import", "train", "send")
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Program:
    """One supervised process. It gets SIGTERM, and SIGKILL with its group when `stop_seconds` are over."""

    name: str
    command: tuple[str, ...]
    stop_seconds: int = 10


def programs(settings: Settings, port: int) -> list[Program]:
    """What a site consists of: the web, the dispatcher, the schedule and one worker for each queue."""
    kith = str(Path(sysconfig.get_path("scripts")) / "kith")
    web = [sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{port}", "--worker-class", "gthread"]
    web += ["--workers", str(settings.web_workers), "--threads", str(settings.web_threads)]
    web += ["--graceful-timeout", "8", "--no-control-socket", "kith_platform.app:from_environment()"]
    workers = [Program(f"worker-{queue}", (kith, "worker", queue), stop_seconds=20) for queue in QUEUES]
    return [
        Program("web", tuple(web)),
        Program("dispatcher", (kith, "dispatcher")),
        Program("schedule", (kith, "schedule")),
        *workers,
    ]


def environment(settings: Settings) -> dict[str, str]:
    """The KITH_* variables from which `Settings.from_environment` makes these settings again."""

    def text(value: object) -> str:
        return str(int(value)) if isinstance(value, bool) else str(value)

    return {f"KITH_{spec.name.upper()}": text(getattr(settings, spec.name)) for spec in fields(settings)}


def write_configuration(home: Home, site: Sequence[Program]) -> Path:
    """supervisor's configuration for `site`, in home, mode 0600. It holds no secret: children read their settings."""
    path = home.path / "supervisord.conf"
    path.touch(mode=0o600)
    lines = [
        "[supervisord]",
        f"logfile={_plain(home.log_file('supervisord'))}",
        "logfile_maxbytes=0",
        f"pidfile={_plain(home.path / '.supervisord.pid')}",
        f"childlogdir={_plain(home.logs)}",
        "silent=true",
    ]
    if os.geteuid() == 0:
        lines.append("user=root")  # said aloud, else supervisor warns at each start
    for program in site:
        lines += ["", *_section(home, program)]
    path.write_text("\n".join(lines) + "\n")
    return path


def _section(home: Home, program: Program) -> list[str]:
    command = shlex.join([sys.executable, "-m", "kith_platform.servers.ready", *program.command])
    return [
        f"[program:{program.name}]",
        f"command={_plain(command)}",
        "autorestart=true",
        # One that ends sooner counts as failed: the next start waits 1 s, then 2 s, 3 s, …
        "startsecs=5",
        "startretries=1000000",
        f"stopwaitsecs={program.stop_seconds}",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={_plain(home.log_file(program.name))}",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=2",
    ]


def _plain(value: object) -> str:
    return str(value).replace("%", "%%")
