"""Who asks, and for which company: the one short transaction through the auth door at the start of a request."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from kith_platform.auth import sessions, tokens
from kith_platform.auth.models import Identity, WebSession
from kith_platform.auth.who import Company, Member, Person, Place, member, places
from kith_platform.errors import Forbidden, KithError, NotFound, NotSignedIn
from kith_platform.i18n import N_
from kith_tenants.tenant import SUSPENDED, TenantContext


class CompanySuspended(Forbidden):
    code = "company_suspended"
    title = N_("This company is suspended")
    default = N_("%(company)s is suspended on this Kith. Nothing was deleted. Ask the operator of this Kith to open it again.")


class BadToken(NotSignedIn):
    default = N_("This API token is unknown, expired or revoked. Make a new one under Settings, Tokens.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of itself. `slug` is the company in its address or header; `visit` marks a whole page.

    An API call must name its company: which one was looked at last in some other window is no answer.
    """

    session_key: str = ""
    bearer: str = ""
    slug: str = ""
    visit: bool = False
    api: bool = False


@dataclass
class Settled:
    """What is known. `refused` is raised by the edge where the route is not public; `new_key` goes into the cookie."""

    web: WebSession | None = None
    person: Person | None = None
    pending: int | None = None  # identity that has given its password and owes the second factor
    tenant: TenantContext | None = None
    member: Member | None = None
    companies: tuple[Company, ...] = ()
    new_key: str | None = None
    refused: KithError | None = field(default_factory=NotSignedIn)


def settle(session: Session, asked: Asked) -> Settled:
    """Settle one request. `session` is the auth door's; raises nothing of ours, the caller decides what a refusal means."""
    if asked.bearer:
        return _by_token(session, asked)
    found = Settled()
    row = sessions.find(session, asked.session_key) if asked.session_key else None
    identity = session.get(Identity, row.identity_id) if row is not None else None
    if row is None or identity is None or not identity.active:
        return found
    found.web = row
    if row.stage != sessions.OPEN:
        found.pending = row.identity_id
        return found
    sessions.touch(row)
    found.person = Person.of(identity)
    theirs = places(session, found.person)
    found.companies = tuple(Company(place.tenant.name, place.tenant.slug) for place in theirs)
    _place(found, _chosen(theirs, row, asked), asked)
    return found


def _chosen(theirs: list[Place], row: WebSession, asked: Asked) -> Place | None:
    if asked.slug or asked.api:
        return next((place for place in theirs if place.tenant.slug == asked.slug), None)
    return next((place for place in theirs if place.tenant.id == row.active_tenant), None)


def _place(found: Settled, place: Place | None, asked: Asked) -> None:
    if place is None:
        found.refused = NotFound() if asked.slug else None
        return
    if place.tenant.status == SUSPENDED:
        found.refused = CompanySuspended(company=place.tenant.name) if asked.slug else None
        return
    assert found.person is not None and found.web is not None  # noqa: S101, PT018 - settle() set both
    found.refused = None
    found.tenant = place.tenant
    found.member = member(found.person, place, found.companies)
    if asked.visit and asked.slug and found.web.active_tenant != place.tenant.id:
        # Another company is another set of rights: the old key ends with the old place.
        if found.web.active_tenant is not None:
            found.new_key = sessions.rotate(found.web)
        found.web.active_tenant = place.tenant.id


def _by_token(session: Session, asked: Asked) -> Settled:
    known = tokens.recognise(session, asked.bearer)
    if known is None:
        return Settled(refused=BadToken())
    tenant, actor = known
    if asked.slug and asked.slug != tenant.slug:
        return Settled(refused=NotFound())
    if tenant.status == SUSPENDED:
        return Settled(refused=CompanySuspended(company=tenant.name))
    return Settled(tenant=tenant, member=actor, refused=None)
