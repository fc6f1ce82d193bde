"""Surveys: questions a company asks, links to a public page, answers that become facts."""
