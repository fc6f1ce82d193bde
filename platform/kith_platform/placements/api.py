"""Placements for programs: `/api/v1/placements`, and what stands of one customer."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint

from kith_platform.auth.edge import current_actor, current_db, runtime
from kith_platform.auth.gate import requires
from kith_platform.customers import service as customers
from kith_platform.placements import drawing, history, service, spans
from kith_platform.placements.models import CustomerPlacement, PlacementTrack
from kith_platform.placements.schemas import (
    CustomerPlacesSchema,
    MapSchema,
    MovesSchema,
    PlacedPageSchema,
    PlacedQuerySchema,
    PlacementListSchema,
    SpanQuerySchema,
)
from kith_platform.placements.service import Offered

MOVES = 50  # of one customer

api = Blueprint("placements_api", __name__, url_prefix="", description="Placements: where each customer stands, and who moved")


def _said(found: Offered, track: PlacementTrack | None) -> dict[str, Any]:
    placement = found.placement
    columns = [
        {
            "name": column.name,
            "label": gettext(column.label),
            "kind": column.kind,
            "unit": column.unit,
            "labels": {code: gettext(words) for code, words in column.labels.items()},
        }
        for column in placement.columns
    ]
    return {
        "key": placement.key,
        "label": gettext(placement.label),
        "answers": gettext(placement.answers) if placement.answers else "",
        "module": found.plugin,
        "columns": columns,
        "first_day": track.first_day if track else None,
        "last_day": track.last_day if track else None,
    }


def _place(customer: uuid.UUID, row: CustomerPlacement, found: Offered) -> dict[str, Any]:
    shown = {column.name: row.details.get(column.name) for column in found.placement.columns}
    return {"customer": customer, "code": row.code, "since": row.changed_at, "values": shown}


@api.route("/placements")
class Placements(MethodView):
    @requires("customers:read")
    @api.response(200, PlacementListSchema)
    def get(self) -> dict[str, Any]:
        """What the company's modules say of every customer: the columns of each placement, and how fresh it is."""
        session = current_db()
        known = history.tracks(session)
        found = service.catalogue(session, runtime().plugins)
        return {"placements": [_said(one, known.get(one.placement.key)) for one in found]}


@api.route("/placements/<key>")
class Map(MethodView):
    @requires("customers:read")
    @api.response(200, MapSchema)
    def get(self, key: str) -> dict[str, Any]:
        """How many customers have each code, with the thresholds and the tables beside the map."""
        session, actor = current_db(), current_actor()
        found = service.offered(session, runtime().plugins, key)
        track = history.track(session, key)
        counted = {cell.code: cell for cell in service.codes(session, key, actor)}
        cells = [
            {"code": code, "label": words, "customers": one.customers if one else 0, "mean": one.mean if one else None}
            for code, words in drawing.names(found.placement, counted).items()
            for one in (counted.get(code),)
        ]
        figures = dict(track.figures) if track and actor.can("metrics:read") else {}
        return {**_said(found, track), "cells": cells, "limits": service.limits(session, key), "figures": figures}


@api.route("/placements/<key>/customers")
class Placed(MethodView):
    @requires("customers:read")
    @api.arguments(PlacedQuerySchema, location="query")
    @api.response(200, PlacedPageSchema)
    def get(self, asked: dict[str, Any], key: str) -> dict[str, Any]:
        """Every customer the caller may see with their place, or those with one code, in pages."""
        session = current_db()
        found = service.offered(session, runtime().plugins, key)
        page = service.page(session, current_actor(), key, **asked)
        return {"customers": [_place(one.public_id, row, found) for one, row in page.rows], "next": page.next}


@api.route("/placements/<key>/moves")
class Moves(MethodView):
    @requires("customers:read")
    @api.arguments(SpanQuerySchema, location="query")
    @api.response(200, MovesSchema)
    def get(self, asked: dict[str, Any], key: str) -> dict[str, Any]:
        """The migration matrix between two days, its key shares, and where it leads."""
        session, actor = current_db(), current_actor()
        placement = service.offered(session, runtime().plugins, key).placement
        months, by_amount = spans.SPANS[asked["span"]], asked["by"] == "amount"
        found = spans.span(session, actor, placement, months=months, end=asked["to"], by_amount=by_amount)
        if found is None:
            return {"start": None, "end": None, "moves": [], "lean": [], "shares": [], "projection": {}}
        matrix, rates = found.matrix, found.rates
        moves = [
            {
                "start": start,
                "end": end,
                "customers": count,
                "amount": matrix.amounts[start, end],
                "share": rates.shares.get(start, {}).get(end),
            }
            for (start, end), count in sorted(matrix.counts.items())
        ]
        shares = [
            {"label": gettext(one.label), "start": one.start, "end": one.end, "value": value} for one, value in found.shares
        ]
        lean = sorted(rates.shrunk)
        return {
            "start": matrix.start,
            "end": matrix.end,
            "moves": moves,
            "lean": lean,
            "shares": shares,
            "projection": found.after,
        }


@api.route("/customers/<uuid:public_id>/placements")
class OfCustomer(MethodView):
    @requires("customers:read")
    @api.response(200, CustomerPlacesSchema)
    def get(self, public_id: uuid.UUID) -> dict[str, Any]:
        """Where one customer stands in every placement, and how they came there. For a merged one, the survivor."""
        session, actor = current_db(), current_actor()
        row = customers.get(session, actor, public_id)
        offered = {one.placement.key: one for one in service.catalogue(session, runtime().plugins)}
        places = service.of_customers(session, [row.id])[row.id]
        moves = history.of_customer(session, row.id, list(offered), MOVES)
        return {
            "placements": {key: _place(row.public_id, places[key], one) for key, one in offered.items() if key in places},
            "history": [
                {"placement": one.key, "moved_on": one.moved_on, "start": one.from_code, "end": one.to_code} for one in moves
            ],
        }
