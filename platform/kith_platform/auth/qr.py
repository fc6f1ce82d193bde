"""A QR code as the path of an inline SVG: no image file, no style attribute."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """`size` modules wide and high, border included; `path` draws the dark ones."""

    size: int
    path: str


def picture(text: str) -> Picture:
    """The QR code of a text, with the border of four modules that scanners need."""
    from qrcode.main import QRCode

    code = QRCode(border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, on in enumerate(row) if on]
    return Picture(len(rows), "".join(dark))
