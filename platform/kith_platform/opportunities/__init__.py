"""Opportunities: deals in stages, won or lost with a reason, and the funnel they make."""
