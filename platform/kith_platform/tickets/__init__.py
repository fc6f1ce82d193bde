"""Tickets: what customers ask for help with, from opening to closing, under the clock of the service level."""
