"""Targets by period, person, team, product and channel, and how far they are attained."""
