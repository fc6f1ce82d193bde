"""The API's documentation page, drawn from the OpenAPI document itself: no script, nothing from elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, current_app, render_template

pages = Blueprint("api_docs", __name__)
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One method of one address, as the page shows it."""

    method: str
    path: str
    summary: str
    text: str
    parameters: list[dict[str, Any]]
    body: str
    answers: list[tuple[str, str, str]]  # status, words, schema


def install(app: Flask) -> None:
    """Serve /api/docs."""
    app.register_blueprint(pages)


@pages.get("/api/docs")
def show() -> str:
    """Every operation, by tag. Public: it says what exists, never whose data."""
    spec = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return render_template("docs/api.html", groups=_groups(spec), schemas=_used(spec), type_of=type_of)


def _used(spec: dict[str, Any]) -> dict[str, Any]:
    """The schemas something refers to."""
    text = json.dumps(spec)
    schemas: dict[str, Any] = spec.get("components", {}).get("schemas", {})
    return {name: schema for name, schema in schemas.items() if f'"#/components/schemas/{name}"' in text}


def _groups(spec: dict[str, Any]) -> dict[str, list[Operation]]:
    words = {tag["name"]: tag.get("description") or tag["name"] for tag in spec.get("tags", [])}
    groups: dict[str, list[Operation]] = {}
    for path, item in spec.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["–"])[0]
                shared = item.get("parameters", [])
                groups.setdefault(words.get(tag, tag), []).append(_operation(spec, path, method, operation, shared))
    return groups


def _operation(spec: dict[str, Any], path: str, method: str, found: dict[str, Any], shared: list[Any]) -> Operation:
    return Operation(
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        text=found.get("description", ""),
        parameters=[_resolve(spec, one) for one in (*shared, *found.get("parameters", []))],
        body=_schema_name(_resolve(spec, found.get("requestBody", {}))),
        answers=[
            (str(status), _resolve(spec, one).get("description", ""), _schema_name(_resolve(spec, one)))
            for status, one in found.get("responses", {}).items()
        ],
    )


def _resolve(spec: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    reference = part.get("$ref", "")
    if not reference:
        return part
    found: Any = spec
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def type_of(schema: dict[str, Any]) -> str:
    """The type of a field in words: `string`, `integer | null`, `Order[]`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    kinds = schema.get("type", "")
    if kinds == "array":
        return f"{type_of(schema.get('items', {}))}[]"
    return " | ".join(kinds) if isinstance(kinds, list) else str(kinds)


def _schema_name(part: dict[str, Any]) -> str:
    """The name of the schema in a body or answer; `Name[]` for a list."""
    schema: dict[str, Any] = next((one.get("schema", {}) for one in part.get("content", {}).values()), {})
    inner = schema.get("items", schema)
    name = str(inner.get("$ref", "")).rsplit("/", 1)[-1]
    return f"{name}[]" if name and "items" in schema else name
