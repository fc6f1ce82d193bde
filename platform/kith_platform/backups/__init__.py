"""Backup and restore of a whole installation: the database in one moment, every company's files, the keys' fingerprints."""
