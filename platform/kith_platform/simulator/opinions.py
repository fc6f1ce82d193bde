"""What people say of the company: dimension scores beside NPS, surveys after service and purchases, the staff's own, posts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kith_platform.simulator.buying import Ints
from kith_platform.simulator.columns import codes, numbers, texts, times
from kith_platform.simulator.desk import Desk
from kith_platform.simulator.firm import Firm
from kith_platform.simulator.seasons import Floats
from kith_platform.simulator.staff import Staff

# How much each dimension counts in the overall score: what a driver analysis is to find again.
DRIVERS = {"quality": 0.5, "service": 0.42, "price": 0.34, "brand": 0.2, "image": 0.14, "responsibility": 0.06}
_SITES = ("reviews.example", "forum.example", "social.example")
_WORDS = (
    ("Came late and nobody answered.", "Not what it promised.", "Never again."),
    ("It is all right.", "As expected.", "Good, but dear."),
    ("Lovely, and quick.", "Friendly people.", "I told all my friends."),
)


@dataclass(frozen=True)
class _Asked:
    """Surveys sent, one value each; -1 for no customer, order or ticket. Scores are of the kind's own scale."""

    who: Ints
    sent: Floats
    answered: Floats
    score: Floats


def survey_responses(firm: Firm, crew: Staff, seen: Desk) -> pl.DataFrame:
    """The surveys after deliveries and about the relationship with what answers say of the parts; then those after solved
    tickets (CSAT 1–5, effort 1–7), on intentions (0–10, with our rank among the brands used), and of the staff (eNPS)."""
    parts = [_relationship(firm), *_service(firm, crew, seen), _loyalty(firm), _staff(firm, crew)]
    return pl.concat(parts, how="diagonal")


def _relationship(firm: Firm) -> pl.DataFrame:
    """Two of five NPS answers score the six parts too. Given the overall score the parts are drawn so that their weighted sum
    is that score: normal draws, conditioned on their sum."""
    rng, table = firm.stream("dimensions"), firm.tables["survey_responses"]
    asked = (table["kind"] == "nps").to_numpy() & table["score"].is_not_null().to_numpy() & (rng.random(table.height) < 0.4)
    score = table["score"].cast(pl.Float64).to_numpy()[asked]
    weight = np.array(list(DRIVERS.values()))
    part = rng.normal(0.0, 1.0, (score.size, weight.size))
    spread = float(score.std()) if score.size else 1.0
    overall = (score - (score.mean() if score.size else 0.0)) / max(spread, 0.1) * np.sqrt(weight @ weight)
    part += np.outer((overall - part @ weight) / (weight @ weight), weight)
    given = np.full((table.height, weight.size), np.nan)
    given[asked] = np.clip(7.2 + 1.5 * part, 0.0, 10.0).round(1)
    return table.with_columns(
        channel=pl.lit("email"),
        scale=texts(["1-5", "0-10"], (table["kind"] == "nps").to_numpy(), np.ones(table.height, dtype=bool)),
        **{name: pl.Series(column).fill_nan(None) for name, column in zip(DRIVERS, given.T, strict=True)},
    )


def _service(firm: Firm, crew: Staff, seen: Desk) -> list[pl.DataFrame]:
    """Slow solutions, many contacts and a ticket opened again cost satisfaction and ease."""
    rng = firm.stream("service surveys")
    burden = 0.35 * (seen.contacts - 1) + 1.0 * np.isfinite(seen.reopened) + 1.1 * (seen.solved - seen.opened > 2.0)
    found = []
    for kind, share, top, best, step, scale in (("csat", 0.55, 5, 4.8, 0.8, "1-5"), ("ces", 0.35, 7, 6.4, 1.1, "1-7")):
        row = np.nonzero(np.isfinite(seen.solved) & (rng.random(seen.who.size) < share))[0]
        sent = seen.solved[row] + rng.uniform(0.2, 2.0, row.size)
        row, sent = row[sent < firm.days], sent[sent < firm.days]
        feeling = firm.mood(seen.who[row], np.floor(sent).astype(np.int64))
        score = np.clip(np.round(best - 0.3 * feeling - step * burden[row] + rng.normal(0.0, 0.6, row.size)), 1, top)
        asked = _asked(firm, rng, seen.who[row], sent, score, 0.5)
        table = _table(firm, asked, f"V{kind[:2].upper()}", kind, scale, "service")
        tickets = firm.tables["tickets"][row]
        found.append(
            table.with_columns(
                ticket_id=tickets["ticket_id"],
                order_id=tickets["order_id"],
                channel=tickets["channel"],
                rep=pl.Series(crew.agents[seen.agent[row]]),
                unit=pl.lit(str(crew.units[1])),
            )
        )
    return found


def _loyalty(firm: Firm) -> pl.DataFrame:
    """After one purchase in thirty: how likely the next one is, and which rank we have among the brands used."""
    rng, orders = firm.stream("loyalty surveys"), firm.tables["orders"]
    received = _received(firm)
    row = np.nonzero((rng.random(received.size) < 0.033) & np.isfinite(received))[0]
    sent = received[row] + rng.uniform(4.0, 8.0, row.size)
    row, sent = row[sent < firm.days], sent[sent < firm.days]
    who = firm.who("orders")[row]
    feeling = firm.mood(who, np.floor(sent).astype(np.int64))
    score = np.clip(np.round(8.6 - 1.4 * feeling + rng.normal(0.0, 1.2, who.size)), 0, 10)
    asked = _asked(firm, rng, who, sent, score, 0.5)
    brands = rng.integers(1, 5, who.size)
    rank = np.minimum(1 + rng.poisson(0.4 + 0.6 * feeling), brands)
    replied = np.isfinite(asked.answered)
    return _table(firm, asked, "VL", "loyalty", "0-10", "relationship").with_columns(
        order_id=orders["order_id"][row],
        channel=pl.lit("email"),
        brand_rank=numbers(rank, replied),
        brands_used=numbers(brands, replied),
    )


def _staff(firm: Firm, crew: Staff) -> pl.DataFrame:
    """Every quarter the staff is asked, without names; three of four answer."""
    rng = firm.stream("staff surveys")
    sent = np.array([month.begins + 4.3 for month in firm.months[::3] if month.begins + 4.3 < firm.days])
    moment, who = (each.ravel() for each in np.meshgrid(sent, np.arange(crew.unit.size), indexing="ij"))
    here = (crew.hired[who] <= moment) & (moment < crew.left[who])
    moment, unit = moment[here], crew.unit[who[here]]
    score = np.clip(np.round(np.array([8.1, 7.4, 8.3, 7.8])[unit] + rng.normal(0.0, 1.7, unit.size)), 0, 10)
    asked = _asked(firm, rng, np.full(unit.size, -1), moment, score, 0.75)
    return _table(firm, asked, "VE", "enps", "0-10", "employer").with_columns(unit=pl.Series(crew.units[unit]))


def _received(firm: Firm) -> Floats:
    """When each order was in hand; infinite for those that are not yet, or were called off."""
    done = (firm.tables["orders"]["status"] == "delivered").to_numpy()
    return np.where(done, firm.moments("orders", "status_at"), np.inf)


def _asked(firm: Firm, rng: np.random.Generator, who: Ints, sent: Floats, score: Floats, share: float) -> _Asked:
    answered = firm.only(sent + rng.exponential(1.0, sent.size))
    return _Asked(who, sent, np.where(rng.random(sent.size) < share, answered, np.nan), score)


def _table(firm: Firm, asked: _Asked, prefix: str, kind: str, scale: str, touchpoint: str) -> pl.DataFrame:
    known: NDArray[np.bool_] = asked.who >= 0
    return pl.DataFrame(
        {
            "survey_response_id": codes(prefix, asked.who.size),
            "customer_id": texts(firm.ids, np.maximum(asked.who, 0), known),
            "kind": np.full(asked.who.size, kind),
            "scale": np.full(asked.who.size, scale),
            "touchpoint": np.full(asked.who.size, touchpoint),
            "sent_at": times(firm.start, asked.sent),
            "answered_at": times(firm.start, asked.answered),
            "score": numbers(asked.score.astype(np.int64), np.isfinite(asked.answered)),
        }
    )


def rated_posts(firm: Firm) -> pl.DataFrame:
    """Public posts some days after a purchase, one in three under a name the company knows."""
    rng, orders = firm.stream("rated posts"), firm.tables["orders"]
    at = _received(firm) + 2.3
    row = np.nonzero((at >= firm.since) & (at < firm.days))[0]
    row = np.sort(rng.choice(row, min(int(32 * firm.size * len(firm.months)), row.size), replace=False))
    who = firm.who("orders")[row]
    feeling = firm.mood(who, np.floor(at[row]).astype(np.int64))
    rating = np.clip(np.round(4.5 - 1.0 * feeling + rng.normal(0.0, 0.9, row.size)), 1, 5).astype(np.int64)
    mind = np.where(rating >= 4, 2, np.where(rating == 3, 1, 0))
    lines = firm.tables["order_lines"].unique("order_id", keep="first", maintain_order=True).select("order_id", "product_id")
    return pl.DataFrame(
        {
            "rated_post_id": codes("RP", row.size),
            "customer_id": texts(firm.ids, who, rng.random(row.size) < 0.33),
            "posted_at": times(firm.start, at[row]),
            "site": np.array(_SITES)[rng.integers(0, len(_SITES), row.size)],
            "product_id": orders[row].join(lines, on="order_id", how="left", maintain_order="left")["product_id"],
            "rating": rating,
            "sentiment": np.array(["negative", "neutral", "positive"])[mind],
            "text": np.array(_WORDS)[mind, rng.integers(0, 3, row.size)],
        }
    )
