"""When a company works: opening hours, closed days, and the business minutes and days that follow from them."""
