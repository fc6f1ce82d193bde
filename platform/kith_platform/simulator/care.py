"""Service: tickets, surveys, and the calls in which some leavers say why."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from kith_platform.simulator.buying import NEVER, Ints
from kith_platform.simulator.columns import codes, only, texts, times
from kith_platform.simulator.ledger import Books
from kith_platform.simulator.lives import CAUSES, Matrix
from kith_platform.simulator.seasons import Floats

Mood = Callable[[Ints, Ints], Floats]  # resentment of customers on days
INTERVIEW_AFTER = (100.0, 140.0)  # days after leaving


def tickets(rng: np.random.Generator, books: Books) -> pl.DataFrame:
    """Complaints and questions; open ones have no times of reply or solution yet."""
    lived = books.lived
    row = np.nonzero((lived.complaint | lived.asks) & (lived.opened < books.days))[0]
    opened = lived.opened[row]
    reply = opened + lived.reply_hours[row] / 24
    solved = opened + lived.solve_hours[row] / 24
    every = np.ones(row.size, dtype=bool)
    topic = np.where(lived.asks[row], 2, np.where(lived.fault[row], 1, 0))
    return pl.DataFrame(
        {
            "ticket_id": codes("TK", row.size),
            "customer_id": books.ids[lived.who[row]],
            "order_id": books.orders[row],
            "opened_at": times(books.start, opened),
            "first_reply_at": times(books.start, only(reply, reply < books.days)),
            "resolved_at": times(books.start, only(solved, solved < books.days)),
            "is_complaint": lived.complaint[row],
            "severity": texts(["low", "medium", "high"], np.where(topic == 2, 0, rng.integers(1, 3, row.size)), every),
            "topic": texts(["delivery", "product", "question"], topic, every),
            "channel": np.array(["phone", "email", "chat"])[rng.integers(0, 3, row.size)],
        }
    )


def survey_responses(rng: np.random.Generator, books: Books, mood: Mood) -> pl.DataFrame:
    """CSAT (1–5) after a third of the deliveries, NPS (0–10) after some; unanswered ones have no score."""
    lived = books.lived
    asked = rng.random(lived.who.size)
    row = np.nonzero(asked < 0.42)[0]
    sent = lived.received[row] + rng.uniform(1.5, 3.5, row.size)
    answered = sent + rng.exponential(1.2, row.size)
    seen = sent < books.days
    row, sent, answered = row[seen], sent[seen], answered[seen]
    is_nps = asked[row] >= 0.33
    feeling = mood(lived.who[row], np.floor(sent).astype(np.int64))
    own = 1.1 * (lived.late[row] & (lived.delay_days[row] > 1)) + 0.9 * lived.fault[row]
    noise = rng.normal(0.0, 1.0, row.size)
    csat = np.clip(np.round(4.5 - 0.75 * feeling - own + 0.7 * noise), 1, 5)
    nps = np.clip(np.round(8.8 - 1.9 * feeling - own + 1.5 * noise), 0, 10)
    replied = (rng.random(row.size) < 0.45) & (answered < books.days)
    score = pl.Series(np.where(is_nps, nps, csat).astype(np.int64))
    return pl.DataFrame(
        {
            "survey_response_id": codes("SV", row.size),
            "customer_id": books.ids[lived.who[row]],
            "order_id": books.orders[row],
            "kind": np.where(is_nps, "nps", "csat"),
            "touchpoint": np.where(is_nps, "relationship", "delivery" if books.stores is not None else "watching"),
            "sent_at": times(books.start, sent),
            "answered_at": times(books.start, only(answered, replied)),
            "score": score.zip_with(pl.Series(replied), pl.Series([None], dtype=pl.Int64)),
        }
    )


def activities(rng: np.random.Generator, books: Books, left: Ints, cause: Ints, evidence: Matrix | None) -> pl.DataFrame:
    """Calls: after solved complaints, and with a quarter of the leavers long after they left (they give the reason)."""
    lived = books.lived
    solved = np.nonzero(lived.complaint & np.isfinite(lived.solve_hours) & (rng.random(lived.who.size) < 0.5))[0]
    call = lived.opened[solved] + lived.solve_hours[solved] / 24 + 1.0
    leavers = np.nonzero((left < NEVER) & (cause >= 0) & (rng.random(left.size) < 0.25))[0]
    interview = left[leavers] + rng.uniform(*INTERVIEW_AFTER, leavers.size)
    leavers, interview = leavers[interview < books.days], interview[interview < books.days]
    if evidence is not None:
        evidence[leavers, np.floor(interview).astype(np.int64)] += np.float32(60.0)  # who tells why he left has left
    solved, call = solved[call < books.days], call[call < books.days]
    who = np.concatenate([lived.who[solved], leavers])
    told = np.arange(who.size) >= solved.size
    started = np.concatenate([call, interview])
    ended = np.minimum(started + rng.lognormal(np.log(6.0), 0.5, who.size) / 900.0, np.floor(started) + 0.9999)
    reason = np.concatenate([np.zeros(solved.size, dtype=np.int64), cause[leavers]])
    return pl.DataFrame(
        {
            "activity_id": codes("A", who.size),
            "customer_id": books.ids[who],
            "started_at": times(books.start, started),
            "kind": np.full(who.size, "call"),
            "direction": np.full(who.size, "out"),
            "subject": np.where(told, "exit interview", "complaint follow-up"),
            "outcome": texts(CAUSES, reason, told),
            "ended_at": times(books.start, ended),
        }
    )
