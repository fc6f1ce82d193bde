"""What happened, one tenant's rows: the system of record. Each fact is one declaration."""
