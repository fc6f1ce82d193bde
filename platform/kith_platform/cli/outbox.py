"""`kith outbox`: messages that belong to no company, for the operator alone."""

from __future__ import annotations

from typing import Any

import click

from kith_platform.cli.root import Console, command


@command("outbox")
@click.option("--limit", default=20, show_default=True, help="How many, newest first.")
def outbox(console: Console, limit: int) -> None:
    """Show resets, welcomes and changes of address with their links."""
    from kith_platform.mail import service as mail

    with console.runtime.doors.auth_scope() as session:
        rows = [
            {
                "at": row.created_at,
                "to": row.recipient,
                "kind": row.kind,
                "status": row.status,
                "subject": row.subject,
                "body": mail.body_of(console.runtime, row) or "",
            }
            for row in mail.operators(session, limit)
        ]
    console.answer({"messages": rows}, "\n".join(_written(row) for row in rows) or "No messages.")


def _written(row: dict[str, Any]) -> str:
    return f"── {row['at']:%Y-%m-%d %H:%M} · {row['to']} · {row['status']} · {row['subject']}\n{row['body']}"


COMMANDS = (outbox,)
