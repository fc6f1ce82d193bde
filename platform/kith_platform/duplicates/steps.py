"""Identity as a step of every refresh: duplicates found, those that are certain merged, before anything is computed."""

from __future__ import annotations

from kith_platform.i18n import N_
from kith_platform.refresh.graph import Turn, step


def _also(turn: Turn) -> str:
    """The records' files of the snapshot, and people's decisions: without a change there is nothing to compare."""
    from kith_platform.duplicates import finding

    files = turn.manifest.tables.get("customer_record")
    with turn.run.step() as session:
        return repr([file.name for file in files.files] if files else []) + finding.mark(session)


@step("identity", inputs=(), label=N_("Finding duplicates"), also=_also)
def refresh_identity(turn: Turn) -> None:
    """Merges change which customer a record belongs to, so a new snapshot follows them, for all later steps. What came in
    meanwhile is compared in the next turn; where nothing did, that turn only reads."""
    from kith_platform.duplicates import accounts, finding, identity

    run = turn.run

    def told(done: int, total: int) -> None:
        run.check()
        run.progress(done, total, N_("Comparing customers"))

    merged = 1
    while merged:
        finding.find(run, told)
        with run.step() as session:
            merged = identity.merge_certain(session)
            linked = accounts.link(session)
        if merged or linked:
            turn.again()
