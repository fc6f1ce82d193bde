"""Where each customer stands: columns that modules compute for everybody at each refresh, for lists and the 360 page."""
