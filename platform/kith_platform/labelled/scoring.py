"""A question's model with what it knows of the columns: as it was learnt, or opened again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kith_platform.labelled.table import Encoder, Floats, Ids, Table
from kith_platform.predict import protocol
from kith_platform.predict.fits import calibration, tiers
from kith_platform.predict.training import Scored

BATCH = 50_000  # lines


@dataclass(frozen=True)
class Scorer:
    """What a version is made of."""

    encoder: Encoder
    model: tiers.Classifier
    calibrated: calibration.Calibration

    def chances(self, table: Table) -> Floats:
        """Chance of every line, (n,)."""
        rows = np.arange(table.lines)
        parts = [self._of(table, rows[at : at + BATCH]) for at in range(0, rows.size, BATCH)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _of(self, table: Table, rows: Ids) -> Floats:
        return self.calibrated.apply(self.model.predict(self.encoder.matrix(table, rows).columns(self.model.features)))

    def scored(self, table: Table, rows: Ids, customers: Ids) -> Scored:
        """Lines with their reasons, as the scores of these customers."""
        found = protocol.model_scores(self.encoder.matrix(table, rows), self.model, self.calibrated)
        reasons = [[{**one, "feature": self.encoder.name(one["feature"])} for one in told] for told in found.reasons]
        return Scored(customer_ids=customers, values=found.values, tier=found.tier, reasons=reasons)

    def lacks(self, table: Table) -> tuple[str, ...]:
        """Columns it learnt from that the table no longer has, or that hold something else there."""
        there = {(one.name, one.kind) for one in table.columns}
        return tuple(name for name, kind, _levels in self.encoder.columns if (name, kind) not in there)

    def to_bytes(self) -> bytes:
        return self.encoder.to_bytes() + b"\n" + protocol.pack(self.model, self.calibrated)

    @staticmethod
    def from_bytes(data: bytes, *, threads: int) -> Scorer:
        """The inverse of `to_bytes`, for bytes whose seal has been proved."""
        line, rest = data.split(b"\n", 1)
        return Scorer(Encoder.from_bytes(line), *protocol.unpack(rest, threads=threads))
