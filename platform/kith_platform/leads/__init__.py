"""Leads: people and companies that may become customers, from the first contact to the conversion."""
