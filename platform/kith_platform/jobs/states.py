"""The names of a job's states and of the queues, for those that need no table."""

QUEUED, DISPATCHED, RUNNING = "queued", "dispatched", "running"
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
STATES = (QUEUED, DISPATCHED, RUNNING, DONE, FAILED, CANCELLED)

QUEUES = ("interactive", "default", "import", "train", "send")
