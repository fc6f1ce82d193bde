"""Kith's ground floor: who a tenant is, and the three doors to the database. Knows nothing of customers or the web."""
