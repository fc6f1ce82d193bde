"""Modules for programs: `/api/v1/modules`, and what modules themselves answer: `/api/v1/m/<module>/<path>`."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.guard import PluginFailed
from kith_platform.modules import gate, service
from kith_platform.modules.catalogue import catalogue, document
from kith_platform.web.locale import language

api = Blueprint("modules_api", __name__, url_prefix="", description="Modules: what is switched on, and what modules answer")


class TroubleSchema(Schema):
    what = fields.String()
    problem = fields.String()
    at = fields.String(metadata={"format": "date-time"})


class ModuleSchema(Schema):
    name = fields.String()
    title = fields.String(metadata={"description": "in the caller's language"})
    summary = fields.String()
    version = fields.String()
    enabled = fields.Boolean()
    industries = fields.List(fields.String())
    requires = fields.List(fields.String(), metadata={"description": "modules that must be on before it"})
    permissions = fields.List(fields.String())
    adds = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    resting = fields.Boolean(metadata={"description": "left alone for some minutes after repeated failure"})
    troubles = fields.List(fields.Nested(TroubleSchema))


class LeftOutSchema(Schema):
    name = fields.String()
    reason = fields.String()


class ModulesSchema(Schema):
    modules = fields.List(fields.Nested(ModuleSchema))
    left_out = fields.List(fields.Nested(LeftOutSchema), metadata={"description": "installed plugins that cannot be used"})


def _said(card: Any) -> dict[str, Any]:
    found = document(card)
    words = {key: gettext(found[key]) for key in ("title", "summary")}
    return {**found, **words, "adds": {kind: [gettext(name) for name in names] for kind, names in found["adds"].items()}}


def _one(name: str) -> dict[str, Any]:
    plugins = runtime().plugins
    service.known(plugins, name)
    return next(_said(card) for card in catalogue(current_db(), plugins).cards if card.name == name)


@api.route("/modules")
class Modules(MethodView):
    @requires("modules:read")
    @api.response(200, ModulesSchema)
    def get(self) -> dict[str, Any]:
        """All modules of this installation, and which of them the company has switched on."""
        found = catalogue(current_db(), runtime().plugins)
        return {"modules": [_said(card) for card in found.cards], "left_out": found.left_out}


@api.route("/modules/<name>")
class Module(MethodView):
    @requires("modules:read")
    @api.response(200, ModuleSchema)
    def get(self, name: str) -> dict[str, Any]:
        """One module."""
        return _one(name)


@api.route("/modules/<name>/enable")
class Enable(MethodView):
    @requires("modules:manage")
    @api.response(200, ModuleSchema)
    def post(self, name: str) -> dict[str, Any]:
        """Switch a module on; on already is fine. 409 where a module it needs is off."""
        service.enable(current_db(), current_actor(), runtime().plugins, name)
        return _one(name)


@api.route("/modules/<name>/disable")
class Disable(MethodView):
    @requires("modules:manage")
    @api.response(200, ModuleSchema)
    def post(self, name: str) -> dict[str, Any]:
        """Switch a module off; its data stay. 409 while a module that is on needs it."""
        service.disable(current_db(), current_actor(), runtime().plugins, name)
        return _one(name)


@api.route("/m/<plugin>/<path:path>")
class Own(MethodView):
    @requires("modules:read")  # and the route's own permission, once it is known that the module is on
    @api.response(200)
    def get(self, plugin: str, path: str) -> Response:
        """What a module answers at a path of its own; `adds.api` of the module lists its paths. 404 where the module is off."""
        plugins, session, actor = runtime().plugins, current_db(), current_actor()
        routes = plugins[plugin].brings["api"] if plugin in plugins.loaded else ()
        route = gate.find(routes, path)
        gate.admit(session, plugins, actor, plugin, route.permission)
        visit = gate.visit(session, plugins, actor, plugin, language=language(), query=request.args.to_dict())

        def answer() -> str:
            found = route.view(visit)
            if not isinstance(found, dict):
                raise TypeError(f"the route must return a dict, not {type(found).__name__}")
            return current_app.json.dumps(found)

        try:
            body = gate.guarded(session, plugins, plugin, f"route {path}", answer)
        except PluginFailed as error:
            raise gate.ModuleTrouble(module=gettext(plugins[plugin].manifest.title)) from error
        return Response(body, mimetype="application/json")
