"""Tables a company brings with an outcome in them, and its own questions of them."""
