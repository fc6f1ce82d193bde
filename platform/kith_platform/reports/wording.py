"""A report in the words of a reader: English, 简体中文 or 繁體中文. Knows no request, so jobs and commands use it as pages do."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kith_platform import i18n
from kith_platform.i18n import N_, translate
from kith_platform.reports.reader import Reader
from kith_platform.reports.report import SECTIONS, Finding, Omitted, Reference, Report
from kith_platform.sdk.metrics import Period

LEVELS: Mapping[str, str] = {"high": N_("High"), "medium": N_("Medium"), "low": N_("Low")}
UNIMPORTED = N_("What these need (in brackets) is not imported yet.")
NEEDING = N_("%(name)s (%(needs)s)")
NOBODY = N_("Nobody yet")
WHAT = N_("%(value)s, %(change)s %(against)s (%(then)s).")
LIKE = N_("%(change)s %(against)s (%(then)s)")
CASES = i18n.mark_plural("%(count)s case", "%(count)s cases")
RATED = N_("%(share)s of the amounts had an exchange rate")
SAME_DAYS = N_("the period is not over: the same days are compared")
AGREED = N_("Agreed: from %(baseline)s to %(target)s by %(day)s.")
BEHIND = N_("Behind what was agreed: from %(baseline)s to %(target)s by %(day)s.")
SUMMARY = N_("%(worse)s to act on, %(better)s to build on; %(omitted)s looked at and left out.")
AS_OF = N_("Data up to %(day)s, read on %(moment)s. Snapshot %(snapshot)s.")


@dataclass(frozen=True)
class Told:
    """One finding in words. `tone` is good or bad, `level` the code of the confidence."""

    kind: str
    key: str
    name: str
    what: str
    further: tuple[str, ...]
    interval: str
    so: tuple[str, ...]
    do: str
    owner: str
    due: str
    level: str
    confidence: str
    coverage: str
    agreed: str
    tone: str


@dataclass(frozen=True)
class LeftOut:
    """Why some of what was looked at is not told, and what that is."""

    why: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """A whole report in words; sections without findings stand with none."""

    language: str
    company: str
    title: str
    period: str
    as_of: str
    summary: str
    sections: tuple[tuple[str, tuple[Told, ...]], ...]
    omitted: tuple[LeftOut, ...]

    @property
    def digest(self) -> str:
        """Stands for every word of it: the same digest, the same file."""
        return hashlib.sha256(json.dumps(asdict(self), ensure_ascii=False).encode()).hexdigest()[:24]


def written(report: Report, reader: Reader) -> Written:
    """The report in the reader's words."""
    sections = tuple(
        (reader.say(label), tuple(_told(one, report.period, reader) for one in report.of(section)))
        for section, label in SECTIONS.items()
    )
    better = sum(one.good for one in report.findings)
    counts = {"worse": len(report.findings) - better, "better": better, "omitted": len(report.omitted)}
    return Written(
        language=reader.language,
        company=report.company,
        title=reader.say(N_("Recommendation report")),
        period=reader.period(report.period),
        as_of=_as_of(report, reader),
        summary=reader.say(SUMMARY, **{name: i18n.number(count, reader.language) for name, count in counts.items()}),
        sections=sections,
        omitted=tuple(_left_out(report.omitted, reader)),
    )


def _as_of(report: Report, reader: Reader) -> str:
    if report.until is None or report.read_at is None or report.snapshot is None:
        return ""
    moment = i18n.moment(report.read_at, reader.language, reader.timezone)
    return reader.say(AS_OF, day=reader.day(report.until), moment=moment, snapshot=report.snapshot.hex)


def _told(one: Finding, period: Period, reader: Reader) -> Told:
    value = reader.amount(one.value, one.unit)
    compared = {name: _compared(one, name, then, period, reader) for name, then in one.against.items()}
    return Told(
        kind=one.kind,
        key=one.key,
        name=reader.name(one),
        what=reader.say(WHAT, value=value, **compared[one.told]) if one.told else value,
        further=tuple(reader.say(LIKE, **params) for name, params in compared.items() if name not in (one.told, "baseline")),
        interval=" – ".join(reader.amount(end, one.unit) for end in one.interval) if one.interval else "",
        so=tuple(reader.phrase(phrase) for phrase in one.so),
        do=reader.phrase(one.do),
        owner=one.owner or reader.say(NOBODY),
        due=reader.day(one.due),
        level=one.confidence,
        confidence=reader.say(LEVELS[one.confidence]),
        coverage=_coverage(one, reader),
        agreed=_agreed(one, reader),
        tone="good" if one.good else "bad",
    )


def _compared(one: Finding, name: str, then: Reference, period: Period, reader: Reader) -> dict[str, str]:
    return {
        "change": reader.change(one.unit, one.value, then.value),
        "against": reader.against(name, period),
        "then": reader.amount(then.value, one.unit),
    }


def _coverage(one: Finding, reader: Reader) -> str:
    told = [reader.say(CASES, count=i18n.number(one.n, reader.language))]
    if one.coverage is not None:
        told.append(reader.say(RATED, share=i18n.percent(one.coverage, reader.language)))
    if "partial" in one.flags:
        told.append(reader.say(SAME_DAYS))
    return " · ".join(told)


def _agreed(one: Finding, reader: Reader) -> str:
    if one.agreed is None:
        return ""
    ends = {name: reader.amount(getattr(one.agreed, name), one.unit) for name in ("baseline", "target")}
    return reader.say(BEHIND if one.agreed.behind else AGREED, **ends, day=reader.day(one.agreed.due))


def _left_out(omitted: tuple[Omitted, ...], reader: Reader) -> Iterator[LeftOut]:
    """By reason, the most frequent first."""
    groups: dict[str, list[str]] = {}
    for one in omitted:
        needs, name = reader.needs(one.why), reader.name(one)
        why = reader.say(UNIMPORTED) if needs else reader.reason(one.why)
        groups.setdefault(why, []).append(reader.say(NEEDING, name=name, needs=needs) if needs else name)
    for why, names in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        yield LeftOut(why, tuple(names))


def document(report: Report, told: Written) -> dict[str, Any]:
    """The report for programs: numbers as they are, words in the language of `told`."""
    return {
        "company": report.company,
        "currency": report.currency,
        "language": told.language,
        "from": report.period.start.isoformat(),
        "to": (report.period.end - dt.timedelta(days=1)).isoformat(),
        "computed": report.computed,
        "partial": report.partial if report.computed else None,
        "until": report.until.isoformat() if report.until else None,
        "snapshot": report.snapshot.hex if report.snapshot else None,
        "read_at": report.read_at.isoformat() if report.read_at else None,
        "findings": [
            _finding(one, words)
            for section, (_title, many) in zip(SECTIONS, told.sections, strict=True)
            for one, words in zip(report.of(section), many, strict=True)
        ],
        "left_out": [{"key": one.key, "name": translate(one.name, told.language), "why": one.why} for one in report.omitted],
    }


def _finding(one: Finding, told: Told) -> dict[str, Any]:
    agreed = one.agreed
    return {
        "section": one.section,
        "kind": one.kind,
        "key": one.key,
        "name": told.name,
        "unit": one.unit,
        "value": one.value,
        "n": one.n,
        "low": one.interval[0] if one.interval else None,
        "high": one.interval[1] if one.interval else None,
        "compared": {name: then.value for name, then in one.against.items()},
        "better": one.good,
        "what": told.what,
        "so_what": list(told.so),
        "do_what": told.do,
        "owner": one.owner or None,
        "due": one.due.isoformat(),
        "confidence": one.confidence,
        "coverage": one.coverage,
        "flags": list(one.flags),
        "agreed": {"baseline": agreed.baseline, "target": agreed.target, "due": agreed.due.isoformat(), "behind": agreed.behind}
        if agreed
        else None,
    }
