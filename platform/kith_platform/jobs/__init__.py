"""Jobs: the row in PostgreSQL is the truth; claim, lease, fence, and the child process that runs one."""
