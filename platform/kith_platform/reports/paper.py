"""The report as PDF: printed by Chromium where there is one, else set by ReportLab."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import structlog
from jinja2 import Environment, FileSystemLoader

from kith_platform.i18n import translate
from kith_platform.reports.wording import Written

log = structlog.get_logger(__name__)
TEMPLATES = Path(__file__).parents[1] / "web" / "templates"
SECONDS = 90
NONE = "none"  # as the setting: always ReportLab
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No network and nothing kept; the page itself forbids scripts.
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)


def chromium(wanted: str = "") -> str | None:
    """The browser to print with: as set, Debian's, or what is called so. None without one, or where `none` is set."""
    if wanted:
        return None if wanted == NONE else wanted
    direct = Path("/usr/lib/chromium/chromium")  # Debian's wrapper of it wants a home
    return str(direct) if direct.is_file() else next(filter(None, map(shutil.which, NAMES)), None)


def pdf(told: Written, browser: str | None) -> bytes:
    """The report as PDF. A browser that cannot print it is left aside, which the log says."""
    if browser is not None:
        try:
            return printed(html(told), browser)
        except (OSError, subprocess.SubprocessError, PrintFailed) as error:
            log.warning("report.browser_failed", browser=browser, error=str(error))
    from kith_platform.reports.typeset import typeset

    return typeset(told)


class PrintFailed(RuntimeError):
    """The browser gave no PDF."""


def html(told: Written) -> str:
    """The whole report as one HTML file."""
    environment = _environment(told.language)
    return environment.get_template("reports/print.html").render(told=told)


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"]
    )
    say = made.install_gettext_callables  # type: ignore[attr-defined]
    say(lambda text: translate(text, language), lambda one, many, n: translate(one if n == 1 else many, language), newstyle=True)
    return made


def printed(page: str, browser: str) -> bytes:
    """Print an HTML file. Raises PrintFailed, OSError, or SubprocessError after SECONDS."""
    with tempfile.TemporaryDirectory(prefix="kith-print-") as folder:
        source, target = Path(folder) / "report.html", Path(folder) / "report.pdf"
        source.write_text(page, "utf-8")
        flags = [*FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # Chromium refuses root otherwise
        command = [browser, *flags, source.as_uri()]
        environment = {"HOME": folder, "PATH": os.defpath, "LANG": "C.UTF-8"}
        process = subprocess.Popen(  # noqa: S603 - a browser the operator installed, on a file of ours
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        try:
            _out, said = process.communicate(timeout=SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # its helpers too
                process.wait()
        if process.returncode or not target.is_file():
            raise PrintFailed(said.decode(errors="replace")[-500:])
        return target.read_bytes()
