"""Charts of demand: one series with its band, the year's season, the plan of building ahead, the map of all families."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from babel.dates import get_month_names, get_quarter_names
from flask_babel import get_locale, gettext, ngettext

from kith_platform.errors import fill
from kith_platform.forecasts.advice import SEASON_YEARS, Building
from kith_platform.forecasts.fits.season import LOW, PEAK
from kith_platform.forecasts.make import COMPANY
from kith_platform.forecasts.models import DemandForecast
from kith_platform.forecasts.series import following
from kith_platform.web.charts import Chart, Series
from kith_platform.web.locale import day

LENGTH = {"week": 7, "month": 30, "quarter": 91}
SHOWN_BACK = {"week": 78, "month": 36, "quarter": 24}
SHOWN_AHEAD = {"week": 26, "month": 12, "quarter": 8}
MOST_FAMILIES, MONTHS = 15, 12


def periods(row: DemandForecast, count: int) -> list[dt.date]:
    """Starts of so many periods from the end of the history on."""
    return following(row.ends_on, count, LENGTH[row.grain])


def label(row: DemandForecast, start: dt.date) -> str:
    """A period's name on an axis: the week's Monday, the month, the quarter."""
    if row.grain == "week":
        return str(day(start, "short"))
    if row.grain == "month":
        return str(day(start, "month"))
    return f"{get_quarter_names('abbreviated', locale=get_locale())[(start.month + 2) // 3]} {start.year}"


def demand(row: DemandForecast) -> Chart:
    """What was asked for, and what is foreseen with the band that eight of ten periods should fall into."""
    back, ahead = row.history[-SHOWN_BACK[row.grain] :], row.points[: SHOWN_AHEAD[row.grain]]
    begun = following(row.starts_on, len(row.history), LENGTH[row.grain])[-len(back) :] if back else []
    names = [label(row, one) for one in (*begun, *periods(row, len(ahead)))]
    nothing = [None] * len(ahead)
    # The forecast begins at the last known figure, so that the line does not break.
    join = [None] * (len(back) - 1) + [back[-1]] if back else []
    series = [
        Series(name=gettext("Units sold"), values=[*back, *nothing]),
        Series(
            name=gettext("Forecast"),
            values=[*join, *(point[1] for point in ahead)],
            low=[*join, *(point[0] for point in ahead)],
            high=[*join, *(point[2] for point in ahead)],
            dashed=True,
        ),
    ]
    return Chart(
        key="demand", title=gettext("Units by period, and what is foreseen"), kind="line", categories=names, series=series,
        x_label=gettext("Period"), tall=True,
        note=gettext("The band holds eight of ten periods, by what former forecasts missed."),
    )  # fmt: skip


def place_names(count: int) -> list[str]:
    """Short names of the months (12) or quarters (4) of a year."""
    named = get_month_names if count == MONTHS else get_quarter_names
    names = named("abbreviated", locale=get_locale())
    return [str(names[place]) for place in range(1, count + 1)]


def season(row: DemandForecast) -> Chart | None:
    """The index of each month or quarter; None where it is not known."""
    if not row.season:
        return None
    colours = ["good" if one >= PEAK else "muted" if one <= LOW else "accent" for one in row.season]
    return Chart(
        key="season", title=gettext("Season: demand of a month, compared with the mean of the year"), kind="bar",
        categories=place_names(len(row.season)), series=[Series(name=gettext("Season index"), values=row.season)],
        colours=colours, x_label=gettext("Month") if len(row.season) > 4 else gettext("Quarter"),
        note=_season_note(row),
    )  # fmt: skip


def _season_note(row: DemandForecast) -> str:
    if row.season_years < SEASON_YEARS:
        return str(gettext("Younger than two whole years: this is the season of what sells with it."))
    if row.scope == COMPANY:
        return str(ngettext("From %(num)s whole year.", "From %(num)s whole years.", row.season_years))
    own = gettext("From %(years)s whole years; %(own)s %% of it is its own, the rest that of what sells with it.")
    return fill(own, {"years": row.season_years, "own": round(100 * row.season_own)})


def season_map(rows: Sequence[tuple[str, DemandForecast]]) -> Chart | None:
    """Families by month; None where no season is known."""
    known = [(name, row) for name, row in rows if len(row.season) == 12][:MOST_FAMILIES]
    if not known:
        return None
    series = [Series(name=name, values=row.season) for name, row in known]
    return Chart(
        key="seasons", kind="heatmap",
        title=gettext("Season map: 1 is the mean of the year, 1.2 and more a peak, 0.8 and less a low"),
        categories=place_names(MONTHS), series=series, x_label=gettext("Month"), y_label=gettext("Family"), tall=len(known) > 6,
    )  # fmt: skip


def plan(row: DemandForecast, built: Building) -> Chart:
    """Stock needed at the start of each period so that capacity does."""
    ahead = SHOWN_AHEAD[row.grain]
    names = [label(row, one) for one in periods(row, ahead)]
    needed = [round(float(one), 1) for one in built.plan.stock[:ahead]]
    wanted = [round(float(point[1]), 1) for point in row.points[:ahead]]
    series = [
        Series(name=gettext("Stock needed at the start"), values=needed),
        Series(name=gettext("Forecast"), values=wanted, dashed=True),
    ]
    return Chart(
        key="plan", title=gettext("Building ahead: stock that later demand needs"), kind="line", categories=names, series=series,
        x_label=gettext("Period"),
    )  # fmt: skip


def runs(places: Sequence[int], count: int) -> str:
    """Months in words: those that follow one another as a range, such as "Jan – Mar, Nov"."""
    if not places:
        return ""
    names, ranges = place_names(count), [[places[0], places[0]]]
    for before, now in pairwise(places):
        if now == before + 1:
            ranges[-1][1] = now
        else:
            ranges.append([now, now])
    return ", ".join(names[a - 1] if a == b else f"{names[a - 1]} – {names[b - 1]}" for a, b in ranges)
