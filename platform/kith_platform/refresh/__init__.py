"""Bringing a company's results up to date: a graph of steps, each run only when its inputs changed."""
