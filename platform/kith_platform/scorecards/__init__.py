"""Metrics as people and programs read them: pages and API. Apart from `metrics`, which knows nothing of the web."""
