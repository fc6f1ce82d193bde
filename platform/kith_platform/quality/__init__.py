"""How good the data are: measured at each refresh, kept with their history, with what to mend and what that would bring."""
