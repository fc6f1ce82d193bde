"""The style page: every macro with sample values, for people who build pages. Only where the app debugs or tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, g, render_template, request
from flask_babel import gettext as _

from kith_platform.errors import FieldError, NotFound
from kith_platform.web.charts import Chart, Series
from kith_platform.web.forms import Form
from kith_platform.web.navigation import Link, Section

pages = Blueprint("style", __name__, url_prefix="/_style")
SAMPLE_CUSTOMERS = (
    ("Lindenhof GmbH", "E", "mature", 48210.5),
    ("北京和顺商贸", "C", "growth", 12904.0),
    ("Ana Duarte", "B", "decline", 311.25),
    ("Atelier Noor", "L", "left", 0.0),
)


@dataclass(frozen=True)
class Sample:
    """A person of a made-up company, so that the shell has somebody to show."""

    identity_name: str = "Mei Tanaka"
    company_name: str = "Harbour & Finch"
    company_slug: str = "harbour"
    role: str = "admin"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    companies: tuple[Any, ...] = (
        SimpleNamespace(name="Harbour & Finch", slug="harbour"),
        SimpleNamespace(name="海港零售", slug="haigang"),
    )

    def can(self, permission: str) -> bool:
        return bool(permission)


@pages.before_request
def _somebody() -> None:
    g.actor = Sample()


@pages.get("/")
def show() -> str:
    """Every macro once."""
    now = datetime.now(UTC)
    return render_template(
        "style/show.html",
        menu=_menu(),
        charts=_charts(),
        form=Form(
            {"name": "Harbour & Finch", "email": "mei@", "language": "zh_Hans", "kinds": ["orders"]},
            [FieldError("email", "There is no name after the @ sign.")],
        ),
        rows=[SimpleNamespace(name=n, group=g_, stage=s, net=v) for n, g_, s, v in SAMPLE_CUSTOMERS],
        sort=request.args.get("sort", "-net"),
        events=[
            {
                "at": now - timedelta(hours=3),
                "title": "Order 10-4471",
                "text": "3 × Filter paper",
                "icon": "shopping-cart",
                "url": "#",
            },
            {"at": now - timedelta(days=9), "title": "Complaint: late delivery", "icon": "mood-sad", "tone": "bad"},
            {"at": date(now.year - 1, 11, 2), "title": "Survey: 9 of 10", "icon": "mood-happy", "tone": "good"},
        ],
        now=now,
    )


@pages.get("/plain")
def plain() -> str:
    """The frame of sign-in."""
    return render_template("style/plain.html", form=Form({}))


@pages.get("/error")
def error() -> str:
    """A page that does not exist for this person."""
    raise NotFound


def _menu() -> list[Section]:
    def links(*named: tuple[str, str, str]) -> tuple[Link, ...]:
        return tuple(Link(label, icon, "#", active == "here") for label, icon, active in named)

    return [
        Section(
            "work", "", links((_("Home"), "home", "here"), (_("Customers"), "users", ""), (_("Predictions"), "sparkles", ""))
        ),
        Section("data", _("Data"), links((_("Imports"), "file-import", ""), (_("Duplicates"), "copy", ""))),
        Section("settings", _("Settings"), links((_("Members"), "users-group", ""), (_("Settings"), "settings", ""))),
    ]


def _charts() -> list[Chart]:
    months = tuple(f"2026-{m:02}" for m in range(1, 11))
    sales = (81e3, 84e3, 97e3, 92e3, 101e3, 99e3, 108e3, 112e3, 109e3, 121e3)
    before = (74e3, 78e3, 80e3, 85e3, 83e3, 90e3, 92e3, 95e3, 97e3, 98e3)
    return [
        Chart(
            key="sales",
            title=_("Net sales by month"),
            kind="line",
            categories=months,
            unit="money",
            series=(
                Series(name=_("This year"), values=sales, low=[v * 0.96 for v in sales], high=[v * 1.04 for v in sales]),
                Series(name=_("Last year"), values=before, colour="muted", dashed=True),
            ),
        ),
        Chart(
            key="groups",
            title=_("Customers by group"),
            kind="bar",
            categories=tuple("ABCDEL"),
            colours=tuple("ABCDEL"),
            series=(Series(name=_("Customers"), values=(312, 940, 421, 388, 207, 655)),),
        ),
        Chart(
            key="drivers",
            title=_("What the prediction looks at"),
            kind="row",
            unit="percent",
            categories=(_("Days since the last order"), _("Orders in 90 days"), _("Complaints"), _("Discount share")),
            series=(Series(name=_("Share"), values=(0.41, 0.27, 0.12, 0.06)),),
        ),
        Chart(
            key="cohorts",
            title=_("Customers who bought again"),
            kind="heatmap",
            unit="percent",
            categories=tuple("123456"),
            y_label=_("First order"),
            series=tuple(Series(name=months[m], values=_cohort(m)) for m in range(7)),
        ),
        Chart(
            key="calibration",
            title=_("Expected against observed"),
            kind="scatter",
            unit="percent",
            x_unit="percent",
            diagonal=True,
            x_label=_("Expected"),
            y_label=_("Observed"),
            series=(
                Series(
                    name=_("Tenths of the customers"),
                    x=(0.02, 0.06, 0.11, 0.19, 0.3, 0.44),
                    values=(0.03, 0.05, 0.12, 0.17, 0.33, 0.42),
                ),
            ),
        ),
    ]


def _cohort(month: int) -> tuple[float | None, ...]:
    return tuple(0.62 / (k + 1) ** 0.7 - 0.012 * month if k + month < 8 else None for k in range(6))
