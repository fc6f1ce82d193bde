"""The one gate between core and plugins: what a company has not switched on is not there, and no call goes unguarded.

Pages and API routes answer 404, jobs are refused, schedules skipped; lists of metrics, models, panels and navigation ask
`service.enabled`. A plugin cannot forget it, because it never sees the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from kith_platform.errors import Forbidden, KithError, NotFound, Unavailable
from kith_platform.guard import SLOW_PAGE
from kith_platform.i18n import N_
from kith_platform.modules import service
from kith_platform.plugins import Plugins
from kith_platform.sdk.types import Visit
from kith_tenants.context import Actor, tenant_of

if TYPE_CHECKING:
    from kith_platform.jobs.declared import JobKind
    from kith_platform.runtime import Runtime
    from kith_tenants.tenant import TenantContext

HARD = 5  # times what counts as slow: then PostgreSQL ends the plugin's statement
Answer = TypeVar("Answer")


class ModuleTrouble(Unavailable):
    """A plugin's page or route could not answer."""

    code = "module_failed"
    title = N_("This module has a problem")
    default = N_("The module %(module)s could not show this. Everything else works. An admin finds the reason under Modules.")


class ModuleOff(KithError):
    """A job of a module that the company has switched off."""

    status = 409
    code = "module_off"
    title = N_("This module is off")
    default = N_("The module %(module)s is switched off for this company. Switch it on under Modules, then try again.")


def admit(session: Session, plugins: Plugins, actor: Actor, plugin: str, permission: str) -> None:
    """Let the actor through to something of a plugin. Raises NotFound where it is off, then Forbidden."""
    if not service.is_enabled(session, plugins, plugin):
        raise NotFound
    if not actor.can(permission):
        raise Forbidden


def visit(
    session: Session, plugins: Plugins, actor: Actor, plugin: str, *, language: str, query: Mapping[str, str] | None = None
) -> Visit:
    """What a view of the plugin is given."""
    settings = service.settings_of(session, plugins, plugin)
    return Visit(tenant_of(session), actor, session, settings, query or {}, language)


def guarded(
    session: Session, plugins: Plugins, plugin: str, what: str, function: Callable[[], Answer], *, seconds: float = SLOW_PAGE
) -> Answer:
    """Call a plugin in a savepoint of the request's transaction: what it breaks there is undone, and core goes on.

    Raises guard.PluginFailed, or a KithError that is the plugin's answer.
    """
    tenant_id = tenant_of(session).id

    def limited() -> Answer | KithError:
        session.execute(select(func.set_config("statement_timeout", str(int(1000 * HARD * seconds)), True)))
        try:
            answer = function()
        except KithError as error:
            if error.status >= 500:
                raise
            return error  # "there is no such store" is an answer
        session.execute(text("SET LOCAL statement_timeout TO DEFAULT"))
        return answer

    with session.begin_nested() as savepoint:
        answer: Answer | KithError = plugins.call(plugin, tenant_id, what, limited, seconds=seconds)
        if isinstance(answer, KithError):
            savepoint.rollback()
    if isinstance(answer, KithError):
        raise answer
    return answer


def find(items: Iterable[Any], path: str) -> Any:
    """The page or route at `path`. Raises NotFound."""
    for item in items:
        if item.path.strip("/") == path.strip("/"):
            return item
    raise NotFound


def refuse(runtime: Runtime, tenant: TenantContext, kind: JobKind) -> KithError | None:
    """Why a plugin's job may not run for this tenant now; jobs.declared asks as a job starts and before a schedule fires."""
    if not kind.plugin:
        return None
    with runtime.doors.tenant_scope(tenant.id, read_only=True) as session:
        on = service.is_enabled(session, runtime.plugins, kind.plugin)
    return None if on else ModuleOff(module=kind.plugin)
