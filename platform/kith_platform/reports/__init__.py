"""The recommendation report: what changed, what it means, what to do, over any days (domain E8)."""
