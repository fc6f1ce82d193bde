"""`kith worker`, `kith dispatcher`, `kith schedule`: each one process of a site. SIGTERM and SIGINT stop them cleanly."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click

from kith_platform.cli.root import Console, command
from kith_platform.jobs.states import QUEUES


@command("worker")
@click.argument("queue", type=click.Choice(QUEUES))
def worker(console: Console, queue: str) -> None:
    """Run the jobs of one queue. A stop lets the running job end its step, then hands it back."""
    from kith_workers.worker import work

    _log(console)
    work(console.runtime, queue)


@command("dispatcher")
def dispatcher(console: Console) -> None:
    """Hand due jobs to the workers and bring back lost ones. Several may run."""
    from kith_workers.dispatcher import Dispatcher

    _log(console)
    stop = _until_told()
    Dispatcher(console.runtime).run(stop)


@command("schedule")
def schedule(console: Console) -> None:
    """Ask for the jobs whose time has come, and send the mail that belongs to no company. Several may run."""
    from kith_platform.auth.tidy import tidier
    from kith_platform.jobs.declared import load_all
    from kith_platform.mail.postman import send_due
    from kith_workers.schedule import run

    _log(console)
    stop = _until_told()
    load_all()
    run(console.runtime, stop, chores=(send_due, tidier()))


def _log(console: Console) -> None:
    from kith_platform import logs

    logs.configure(console.settings.log_level, as_json=console.settings.log_json)


def _until_told() -> threading.Event:
    stop = threading.Event()

    def told(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    return stop
