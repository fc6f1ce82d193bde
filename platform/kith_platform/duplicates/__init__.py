"""One person or company behind several records: found without labels, merged, and every merge undone again."""
