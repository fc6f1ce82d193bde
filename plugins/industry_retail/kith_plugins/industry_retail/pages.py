"""The Stores page, its API route, and the member card on a customer's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from kith_platform.sdk import toolkit
from kith_platform.sdk.types import N_, ApiRoute, Page, Panel, Permission, Visit
from kith_plugins.industry_retail.facts import COUPON, MEMBER_CARD, REDEMPTION, STORE
from kith_plugins.industry_retail.metrics import STORES

NAME = "industry_retail"
SEE_STORES = Permission(
    key=f"{NAME}.stores:read", label=N_("See the sales of stores"), roles=("owner", "admin", "analyst", "viewer")
)


def stores(visit: Visit) -> dict[str, Any]:
    """Every store with the sales of the newest month: from the metric's rows, so it is as fresh as the last refresh."""
    row = toolkit.rows_of(NAME, STORE)
    found = visit.session.execute(select(row).order_by(row.name, row.id)).scalars().all()
    reading = toolkit.latest_reading(visit, STORES)
    sold = {line["store"]: line for line in reading[1].rows} if reading else {}
    shown = [_store(store, sold.get(store.external_id, {})) for store in found]
    shown.sort(key=lambda store: -(store["sales"] or 0.0))
    dense = [store["sales_per_m2"] for store in shown if store["sales_per_m2"]]
    weak = median(dense) * float(visit.settings["weak_share"]) if dense else 0.0
    for store in shown:
        store["weak"] = bool(store["sales_per_m2"] is not None and store["sales_per_m2"] < weak)
    return {"stores": shown, "month": reading[0].start if reading else None}


def _store(store: Any, sold: Mapping[str, Any]) -> dict[str, Any]:
    area = float(store.area_m2) if store.area_m2 else None
    sales, orders = sold.get("sales"), sold.get("orders")
    return {
        "id": store.external_id,
        "name": store.name or store.external_id,
        "city": store.city or "",
        "area_m2": area,
        "opened_on": store.opened_on,
        "sales": sales,
        "orders": orders,
        "basket": sales / orders if sales is not None and orders else None,
        "member_share": sold.get("member_share"),
        "sales_per_m2": sales / area if sales is not None and area else None,
    }


def _stores_page(visit: Visit) -> dict[str, Any]:
    found = stores(visit)
    chart = toolkit.Chart(
        key="stores",
        title=toolkit.translate(visit, N_("Net sales by store")),
        kind="row",
        categories=[store["name"] for store in found["stores"]],
        series=[toolkit.Series(name=toolkit.translate(visit, N_("Net sales")), values=[one["sales"] for one in found["stores"]])],
        unit="money",
        tall=len(found["stores"]) > 6,
    )
    return {**found, "chart": chart if any(one["sales"] for one in found["stores"]) else None}


def _stores_route(visit: Visit) -> dict[str, Any]:
    found = stores(visit)
    return {"month": found["month"].isoformat() if found["month"] else None, "stores": found["stores"]}


def _card(visit: Visit, customer_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """By customer: cards, newest first, and coupons that are valid and unused."""
    card, coupon, used = (toolkit.rows_of(NAME, fact) for fact in (MEMBER_CARD, COUPON, REDEMPTION))
    today = dt.datetime.now(ZoneInfo(visit.tenant.timezone)).date()
    valid = or_(coupon.expires_on.is_(None), coupon.expires_on >= today)
    cards = toolkit.of_customers(visit, card, customer_ids).order_by(card.occurred_on.desc(), card.id)
    coupons = toolkit.of_customers(visit, coupon, customer_ids).where(valid).order_by(coupon.expires_on, coupon.id)
    spent = {row.coupon_id for _customer, row in visit.session.execute(toolkit.of_customers(visit, used, customer_ids))}
    found: dict[int, dict[str, Any]] = {}
    for key, statement in (("cards", cards), ("coupons", coupons)):
        for customer, row in visit.session.execute(statement):
            lists = found.setdefault(customer, {"cards": [], "coupons": []})
            if key == "cards" or row.id not in spent:
                lists[key].append(row)
    return found


PAGES = (
    Page(
        path="stores",
        title=N_("Stores"),
        answers=N_("Which stores sell how much, to whom, and on how much floor."),
        template="stores.html",
        view=_stores_page,
        permission=SEE_STORES.key,
        icon="building-store",
    ),
)
API = (
    ApiRoute(
        path="stores", summary=N_("Stores with the sales of the newest month"), view=_stores_route, permission=SEE_STORES.key
    ),
)
PANELS = (
    Panel(
        key="retail_card",
        title=N_("Member card and coupons"),
        slot="customer",
        template="card.html",
        permission="customers:read",
        view=_card,
    ),
)
