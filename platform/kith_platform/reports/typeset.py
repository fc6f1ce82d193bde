"""The report set by ReportLab, for machines without a browser. Chinese uses the fonts that PDF readers bring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from kith_platform.i18n import N_, translate
from kith_platform.reports.wording import Told, Written

FONTS = {"zh_Hans": "STSong-Light", "zh_Hant": "MSung-Light"}  # Adobe's, not embedded
LATIN, BOLD = "Helvetica", "Helvetica-Bold"
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f\U00020000-\U0003ffff]+")
# Beyond what the fonts of a PDF reader hold for Latin text.
_PLAIN = str.maketrans({"−": "-", "\u00a0": " ", "→": "->", "≥": ">=", "≤": "<=", "\u202f": " "})


def typeset(told: Written) -> bytes:
    """The report as PDF, A4."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    file = BytesIO()
    paper = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=16 * mm,
        rightMargin=16 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"{told.title} {told.period}",
        author=told.company,
        invariant=1,  # no date of making: the same report is the same file
    )
    paper.build(list(Setter(told).story()), onFirstPage=_number, onLaterPages=_number)
    return file.getvalue()


def _number(canvas: Any, paper: Any) -> None:
    canvas.setFont(LATIN, 8)
    canvas.drawRightString(paper.pagesize[0] - paper.rightMargin, 28, str(canvas.getPageNumber()))


def _font(face: str) -> Any:
    from reportlab.pdfbase.cidfonts import CIDFont, UnicodeCIDFont

    font = UnicodeCIDFont(face)
    if face == FONTS["zh_Hant"]:  # ReportLab gives it the encoding of simplified Chinese, by which readers show other characters
        CIDFont.__init__(font, face, "UniCNS-UCS2-H")
        font.name = font.fontName = face
    return font


class Setter:
    """Makes ReportLab's flowables of a report."""

    def __init__(self, told: Written) -> None:
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.pdfbase import pdfmetrics

        self.told = told
        self.han = FONTS.get(told.language, FONTS["zh_Hans"])
        pdfmetrics.registerFont(_font(self.han))
        wrap = {"wordWrap": "CJK"} if told.language in FONTS else {}
        self.text = ParagraphStyle("text", fontName=LATIN, fontSize=9.5, leading=13.5, **wrap)
        self.soft = ParagraphStyle("soft", parent=self.text, textColor="#556666", fontSize=8.5, leading=12)
        self.heads = [
            ParagraphStyle(
                f"h{n}", parent=self.text, fontName=BOLD, fontSize=size, leading=size * 1.4, spaceBefore=gap, spaceAfter=3
            )
            for n, (size, gap) in enumerate(((19, 0), (13, 12), (10.5, 4)))
        ]

    def say(self, message: str, **params: object) -> str:
        return translate(message, self.told.language, **params)

    def set(self, text: str, style: Any = None) -> Any:
        """A paragraph; Chinese in it by the Chinese font."""
        from reportlab.platypus import Paragraph

        safe = escape(text.translate(_PLAIN))
        return Paragraph(_HAN.sub(lambda run: f'<font name="{self.han}">{run[0]}</font>', safe), style or self.text)

    def story(self) -> Iterator[Any]:
        """The whole report, top to bottom."""
        told = self.told
        yield self.set(told.title, self.heads[0])
        yield self.set(f"{told.company} · {told.period}")
        yield self.set(told.summary)
        for title, findings in told.sections:
            yield self.set(title, self.heads[1])
            if not findings:
                yield self.set(self.say(N_("Nothing that must be told.")), self.soft)
            for one in findings:
                yield self.finding(one)
        if told.omitted:
            yield self.set(self.say(N_("Looked at and left out")), self.heads[1])
            for group in told.omitted:
                yield self.set(f"{group.why} {' · '.join(group.names)}", self.soft)
        yield self.set(told.as_of, self.soft)

    def finding(self, one: Told) -> Any:
        """One finding, kept on a page."""
        from reportlab.lib.units import mm
        from reportlab.platypus import KeepTogether, Spacer, Table

        parts = [one.what, *(f"{more}." for more in one.further), one.agreed]
        if one.interval:
            parts.insert(1, f"{self.say('95%% interval').replace('%%', '%')}: {one.interval}.")
        rows = [
            (N_("What we see"), " ".join(filter(None, parts))),
            (N_("So what"), " ".join(one.so)),
            (N_("Do what"), one.do),
            (N_("Who does it"), one.owner),
            (N_("To be done by"), one.due),
            (N_("Confidence"), one.confidence),
            (N_("Data"), one.coverage),
        ]
        cells = [[self.set(self.say(label), self.soft), self.set(words)] for label, words in rows]
        edge = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]
        edge.append(("LINEBEFORE", (0, 0), (0, -1), 2, "#0d7471" if one.tone == "good" else "#b3402e"))  # type: ignore[arg-type]
        table = Table(cells, colWidths=[26 * mm, 150 * mm], style=edge)
        return KeepTogether([self.set(one.name, self.heads[2]), table, Spacer(1, 3 * mm)])
