"""`kith module list|enable|disable`."""

from __future__ import annotations

import click

from kith_platform.cli.root import Console, command


@click.group("module")
def module() -> None:
    """See a company's modules, and switch them on and off."""


@command("list")
@click.argument("tenant")
def listing(console: Console, tenant: str) -> None:
    """Every module of this installation, what the company has on, and which plugins cannot be used."""
    from kith_platform.modules.catalogue import catalogue, document

    company = console.tenant(tenant)
    with console.runtime.doors.tenant_scope(company.id, read_only=True) as session:
        found = catalogue(session, console.runtime.plugins)
        modules = [document(card) for card in found.cards]
    left_out = [{"name": one.name, "reason": one.reason} for one in found.left_out]
    lines = [f"{'on ' if one['enabled'] else 'off'}\t{one['name']}\t{one['title']}" for one in modules]
    lines += [f"left out\t{one['name']}\t{one['reason']}" for one in left_out]
    console.answer({"modules": modules, "left_out": left_out}, "\n".join(lines) or "No module is installed.")


@command("enable")
@click.argument("tenant")
@click.argument("name")
def enable(console: Console, tenant: str, name: str) -> None:
    """Switch a module on for a company, at once. On already is fine."""
    _switch(console, tenant, name, on=True)


@command("disable")
@click.argument("tenant")
@click.argument("name")
def disable(console: Console, tenant: str, name: str) -> None:
    """Switch a module off for a company, at once; its data stay."""
    _switch(console, tenant, name, on=False)


def _switch(console: Console, tenant: str, name: str, *, on: bool) -> None:
    from kith_platform.auth.who import system
    from kith_platform.modules import service

    company = console.tenant(tenant)
    with console.runtime.doors.tenant_scope(company.id) as session:
        changed = (service.enable if on else service.disable)(session, system(), console.runtime.plugins, name)
    state = "on" if on else "off"
    words = f"{name} is {state} for {tenant}." if changed else f"{name} was {state} for {tenant} already."
    console.answer({"module": name, "enabled": on, "changed": changed}, words)


for one in (listing, enable, disable):
    module.add_command(one)

COMMANDS = (module,)
