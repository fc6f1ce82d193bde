"""One customer is a set of records; merge, undo and split change customer_record.customer_id and nothing else."""
