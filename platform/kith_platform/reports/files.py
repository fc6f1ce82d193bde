"""Prints of a company's reports, kept in its files: of each period and language the newest alone."""

from __future__ import annotations

from kith_platform.blobs import TenantBlobs
from kith_platform.reports.report import Report
from kith_platform.reports.wording import Written


def place(report: Report, told: Written) -> str:
    """Where the print of exactly this report lies; a report that says anything else lies elsewhere."""
    return f"{_folder(report, told)}/{told.digest}.pdf"


def keep(blobs: TenantBlobs, report: Report, told: Written, pdf: bytes) -> str:
    """Keep a print instead of the one before of the same period and language; where it lies."""
    name = place(report, told)
    if not blobs.exists(name):
        blobs.remove(_folder(report, told))
        with blobs.open(name, "wb") as file:
            file.write(pdf)
    return name


def _folder(report: Report, told: Written) -> str:
    return f"reports/{report.period.start}_{report.period.end}_{told.language}"
