"""Demo companies with known truth: `simulate`, `write_csv`."""

from kith_platform.simulator.company import Company, CompanyKind, Regime, write_csv
from kith_platform.simulator.persuasion import Persuasion
from kith_platform.simulator.simulate import simulate
from kith_platform.simulator.truth import Truth, auc

__all__ = ["Company", "CompanyKind", "Persuasion", "Regime", "Truth", "auc", "simulate", "write_csv"]
