"""The four kinds of survey: scale, usual question, groups of scores, and what a pile of answers is worth (domain B2, B3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kith_platform.i18n import LANGUAGES, N_, translate

Counts = Mapping[int, int]  # answers by score


@dataclass(frozen=True, kw_only=True)
class SurveyKind:
    """`good` and `bad` are the first score that counts as good and the last that counts as bad. `scale` is written into each
    answer, for another scale is never mixed with it. `metric` reads the answers. `value` is in `unit` (points, ratio or score).
    """

    code: str
    label: str
    about: str
    question: str
    lowest: str
    highest: str
    low: int
    high: int
    scale: str
    good: int
    bad: int
    metric: str
    measures: str
    unit: str
    value: Callable[[Counts], float]
    anonymous: bool = False
    least: int = 1  # answers below which nothing is shown: with fewer one could tell who said what

    @property
    def scores(self) -> range:
        return range(self.low, self.high + 1)

    def tone(self, score: int) -> str:
        """good, bad or muted, as charts colour it."""
        return "good" if score >= self.good else "bad" if score <= self.bad else "muted"

    def questions(self) -> dict[str, str]:
        """The usual question in each language."""
        return {language: translate(self.question, language) for language in LANGUAGES}


def net(counts: Counts) -> float:
    """100·(share of 9 and 10 − share of 0 to 6), in points."""
    promoters = sum(n for score, n in counts.items() if score >= 9)
    detractors = sum(n for score, n in counts.items() if score <= 6)
    return 100 * (promoters - detractors) / sum(counts.values())


def satisfied(counts: Counts) -> float:
    """Share of 4 and 5."""
    return sum(n for score, n in counts.items() if score >= 4) / sum(counts.values())


def mean(counts: Counts) -> float:
    return sum(score * n for score, n in counts.items()) / sum(counts.values())


KINDS: Mapping[str, SurveyKind] = {
    kind.code: kind
    for kind in (
        SurveyKind(
            code="nps",
            label=N_("Recommendation (NPS)"),
            about=N_("Would customers recommend you? From 0 to 10; the net promoter score reads it."),
            question=N_("How likely are you to recommend us to a friend or colleague?"),
            lowest=N_("Not at all likely"),
            highest=N_("Extremely likely"),
            low=0,
            high=10,
            scale="0-10",
            good=9,
            bad=6,
            metric="cem.nps",
            measures=N_("Net promoter score of these answers"),
            unit="points",
            value=net,
        ),
        SurveyKind(
            code="csat",
            label=N_("Satisfaction (CSAT)"),
            about=N_("How content are customers, with everything or with one thing such as a delivery? From 1 to 5."),
            question=N_("How satisfied are you with us?"),
            lowest=N_("Very dissatisfied"),
            highest=N_("Very satisfied"),
            low=1,
            high=5,
            scale="1-5",
            good=4,
            bad=2,
            metric="cim.sat.csat",
            measures=N_("Satisfied, of these answers"),
            unit="ratio",
            value=satisfied,
        ),
        SurveyKind(
            code="ces",
            label=N_("Effort (CES)"),
            about=N_("Did you make it easy for customers? They agree or disagree, from 1 to 7."),
            question=N_("It was easy to get what I needed. Do you agree?"),
            lowest=N_("I disagree"),
            highest=N_("I agree"),
            low=1,
            high=7,
            scale="1-7",
            good=5,
            bad=3,
            metric="cem.ces",
            measures=N_("Mean of these answers"),
            unit="score",
            value=mean,
        ),
        SurveyKind(
            code="enps",
            label=N_("Recommendation by staff (eNPS)"),
            about=N_("Would your own people recommend you as a place to work? Anonymous, shown from five answers on."),
            question=N_("How likely are you to recommend us as a place to work?"),
            lowest=N_("Not at all likely"),
            highest=N_("Extremely likely"),
            low=0,
            high=10,
            scale="0-10",
            good=9,
            bad=6,
            metric="cim.mot.enps",
            measures=N_("Net promoter score of these answers"),
            unit="points",
            value=net,
            anonymous=True,
            least=5,
        ),
    )
}
