"""The web application. `create_app` reads as its table of contents; everything it names lies in a part of its own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_smorest import Api
from werkzeug.middleware.proxy_fix import ProxyFix

from kith_platform import logs
from kith_platform.web import address, docs, forms, health, limits, locale, navigation, observe, problems, security, static_files
from kith_platform.web.context import actor, companies, role_name
from kith_platform.web.health import Check

if TYPE_CHECKING:
    from kith_platform.config import Settings
    from kith_platform.runtime import Runtime

# Each part adds one line. PARTS name a function `install(app)`; PAGES and API name modules with a blueprint `pages` or
# `api`, and may hold `NAVIGATION`, a tuple of NavItem.
PARTS: tuple[str, ...] = (
    "kith_platform.auth.edge",
    "kith_platform.modules.web",
)
PAGES: tuple[str, ...] = (
    "kith_platform.home.views",
    "kith_platform.home.guide",
    "kith_platform.customers.views",
    "kith_platform.customers.erasure_views",
    "kith_platform.customers.why_views",
    "kith_platform.segments.views",
    "kith_platform.segments.builder_views",
    "kith_platform.segments.saved_views",
    "kith_platform.leads.views",
    "kith_platform.opportunities.views",
    "kith_platform.opportunities.stage_views",
    "kith_platform.opportunities.funnel_views",
    "kith_platform.targets.views",
    "kith_platform.dashboards.views",
    "kith_platform.dashboards.product_views",
    "kith_platform.dashboards.target_views",
    "kith_platform.dashboards.people_views",
    "kith_platform.scorecards.views",
    "kith_platform.scorecards.board_views",
    "kith_platform.criteria.views",
    "kith_platform.returns.views",
    "kith_platform.reports.views",
    "kith_platform.placements.views",
    "kith_platform.predict.views",
    "kith_platform.forecasts.views",
    "kith_platform.labelled.views",
    "kith_platform.auth.profile",
    "kith_platform.auth.joining",
    "kith_platform.auth.members_views",
    "kith_platform.auth.tokens_views",
    "kith_platform.audit.views",
    "kith_platform.imports.views",
    "kith_platform.quality.views",
    "kith_platform.duplicates.views",
    "kith_platform.attributes.views",
    "kith_platform.jobs.views",
    "kith_platform.modules.views",
    "kith_platform.calendar.views",
    "kith_platform.tickets.views",
    "kith_platform.tickets.levels_views",
    "kith_platform.commitments.views",
    "kith_platform.outcomes.views",
    "kith_platform.surveys.views",
    "kith_platform.surveys.public",
    "kith_platform.jobs.bell",
)
API: tuple[str, ...] = (
    "kith_platform.customers.api",
    "kith_platform.customers.orders_api",
    "kith_platform.customers.events_api",
    "kith_platform.customers.scores_api",
    "kith_platform.segments.api",
    "kith_platform.leads.api",
    "kith_platform.opportunities.api",
    "kith_platform.targets.api",
    "kith_platform.placements.api",
    "kith_platform.scorecards.api",
    "kith_platform.scorecards.board_api",
    "kith_platform.criteria.api",
    "kith_platform.returns.api",
    "kith_platform.reports.api",
    "kith_platform.predict.api",
    "kith_platform.forecasts.api",
    "kith_platform.labelled.api",
    "kith_platform.audit.api",
    "kith_platform.imports.api",
    "kith_platform.quality.api",
    "kith_platform.duplicates.api",
    "kith_platform.attributes.api",
    "kith_platform.jobs.api",
    "kith_platform.modules.api",
    "kith_platform.calendar.api",
    "kith_platform.tickets.api",
    "kith_platform.commitments.api",
    "kith_platform.outcomes.api",
    "kith_platform.surveys.api",
)


def create_app(runtime: Runtime, *, checks: Sequence[Check] = (), testing: bool = False) -> Flask:
    """The app for one process. `checks` decide /readyz. Issues no query and opens no connection."""
    settings = runtime.settings
    app = Flask("kith_platform", template_folder="web/templates", static_folder=None)
    app.extensions["kith"] = runtime
    configure(app, settings, runtime.secret_key, testing=testing)
    logs.configure(settings.log_level, as_json=settings.log_json)
    observe.install(app)
    static_files.install(app)
    security.install(app, https=settings.public_url.startswith("https://"))
    locale.install(app)
    limits.install(app, runtime.redis)
    navigation.install(app)
    forms.install(app)
    address.install(app)
    app.jinja_env.globals.update(actor=actor, companies=companies, role_name=role_name)
    health.install(app, checks)
    # Below this line a part finds everything above in place.
    for name in PARTS:
        import_module(name).install(app)
    register(app, problems.KithApi(app))
    docs.install(app)
    problems.install(app)
    return app


def configure(app: Flask, settings: Settings, secret_key: str, *, testing: bool) -> None:
    """Flask's own settings, from ours."""
    app.config.update(
        TESTING=testing,
        SECRET_KEY=secret_key,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        MAX_CONTENT_LENGTH=512 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SIGN_IN_ENDPOINT="auth.sign_in",
        API_TITLE="Kith",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    proxies = settings.trusted_proxies
    if proxies:  # only as many hops as the operator vouches for: anybody can send X-Forwarded-For
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]


def register(app: Flask, api: Api) -> None:
    """Add the blueprints and navigation of all parts."""
    menu: navigation.Navigation = app.extensions["kith.navigation"]
    for name in PAGES:
        module: Any = import_module(name)
        app.register_blueprint(module.pages)
        menu.add(getattr(module, "NAVIGATION", ()))
    for name in API:
        blueprint = import_module(name).api
        api.register_blueprint(blueprint, url_prefix=f"/api/v1{blueprint.url_prefix or ''}")
    if app.debug or app.testing:
        app.register_blueprint(import_module("kith_platform.web.style").pages)


def from_environment() -> Flask:
    """For gunicorn: `gunicorn 'kith_platform.app:from_environment()'`."""
    from kith_platform.config import Settings
    from kith_platform.runtime import open_runtime

    runtime = open_runtime(Settings.from_environment())
    return create_app(runtime, checks=health.of_runtime(runtime))
