"""Numbers with formulas: computed at each refresh from a snapshot's frames, kept by month, compared, explained."""
