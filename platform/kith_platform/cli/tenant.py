"""`kith tenant create`, `list` and `suspend`."""

from __future__ import annotations

import sys

import click

from kith_platform.cli.root import Console, command
from kith_platform.i18n import LANGUAGES


@click.group("tenant")
def tenant() -> None:
    """Companies of this installation."""


@command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The company's name.")
@click.option("--owner", required=True, metavar="EMAIL", help="Who owns it first.")
@click.option("--password-stdin", is_flag=True, help="Read the owner's password from stdin; without it a link is written.")
@click.option("--owner-name", default="", help="What to call the owner.")
@click.option("--industry", default="", help="Decides which modules it starts with, such as retail.")
@click.option("--currency", default="USD", show_default=True)
@click.option("--timezone", default="UTC", show_default=True, help="IANA name, such as Asia/Shanghai.")
@click.option("--language", default="en", show_default=True, type=click.Choice(tuple(LANGUAGES)))
def create(
    console: Console,
    slug: str,
    name: str,
    owner: str,
    password_stdin: bool,
    owner_name: str,
    industry: str,
    currency: str,
    timezone: str,
    language: str,
) -> None:
    """Make a company with its first owner."""
    from kith_platform.auth import service as auth
    from kith_tenants import registry

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    runtime = console.runtime
    with runtime.doors.auth_scope() as session:
        made = registry.create(
            session, slug, name=name, industry=industry, language=language, currency=currency, timezone=timezone
        )
        owner_id = auth.add_owner(session, runtime, made, owner, password, owner_name, language)
        link = auth.waits_for_password(session, owner_id)
    auth.settle_in(runtime, made, owner_id)
    where = f"{runtime.settings.public_url.rstrip('/')}/c/{slug}/"
    words = f"{name} is at {where}, owned by {owner}."
    words += " `kith outbox` shows the link by which they choose a password." if link else ""
    console.answer({"slug": slug, "public_id": made.public_id, "name": name, "owner": owner, "url": where, "link": link}, words)


@command("list")
def show(console: Console) -> None:
    """Every company, oldest first."""
    from kith_tenants import registry

    with console.runtime.doors.auth_scope() as session:
        found = registry.every(session)
    rows = [
        {
            "slug": one.slug,
            "name": one.name,
            "status": one.status,
            "industry": one.industry,
            "currency": one.currency,
            "timezone": one.timezone,
            "language": one.language,
        }
        for one in found
    ]
    words = "\n".join(f"{one.slug}\t{one.name}\t{one.status}" for one in found)
    console.answer({"tenants": rows}, words or "There is no company yet: `kith tenant create` makes one.")


@command("suspend")
@click.argument("slug")
@click.option("--undo", is_flag=True, help="Open it again.")
def suspend(console: Console, slug: str, undo: bool) -> None:
    """Stop everything a company's members and jobs do; its data stay."""
    from kith_tenants import registry

    with console.runtime.doors.auth_scope() as session:
        found = registry.suspend(session, slug, suspended=not undo)
    console.answer({"slug": slug, "status": found.status}, f"{found.name} is {found.status}.")


for _command in (create, show, suspend):
    tenant.add_command(_command)

COMMANDS = (tenant,)
