"""Home and the first-run guide: what changed, what to do first, and how to begin."""
