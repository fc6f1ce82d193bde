"""Demand: how much of each product will be asked for, when its season is, and what follows for stock (domain.md D10)."""
