"""Segments as a step of every refresh."""

from __future__ import annotations

from kith_platform.customers.figures import today
from kith_platform.errors import KithError
from kith_platform.i18n import N_
from kith_platform.predict import scores
from kith_platform.predict.listing import OWN
from kith_platform.refresh.graph import SNAPSHOT, Turn, step
from kith_platform.segments import rebuilding, service, vocabulary
from kith_platform.segments.rules import moves_with_time


def _also(turn: Turn) -> str:
    """The rules as they are; the day, where one of them counts days back from it; and by which version those of the company's own
    questions score that they ask for: no step of a refresh does."""
    run = turn.run
    with run.step() as session:
        segments = service.listed(session)
        words = vocabulary.of_company(session, run.runtime.facts, run.runtime.plugins)
        day = today(session)  # not the snapshot's: days pass although nothing happens
        tasks = sorted({task for one in segments for task in service.scored(one.rule) if task.startswith(OWN)})
        stands = [(task, scores.stand(session, task)) for task in tasks]
    dated = False
    for one in segments:
        try:
            dated = dated or (one.dynamic and moves_with_time(service.rule_of(one, words)))
        except KithError:  # a rule that cannot be read moves nobody
            continue
    return repr([day if dated else None, *stands, *((one.id, one.version, one.dynamic) for one in segments)])


@step("segments", inputs=(SNAPSHOT, "placements", "scores"), label=N_("Counting segments"), also=_also)
def refresh_segments(turn: Turn) -> None:
    """Each segment in transactions of its own."""
    rebuilding.rebuild(turn)
