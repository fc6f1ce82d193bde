"""What was done in a company: who, what, when, from where. Rows are added and never changed."""
