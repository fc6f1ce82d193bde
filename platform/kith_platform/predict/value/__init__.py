"""What a customer is worth (domain.md D2): purchases by rhythm or by trees, subscriptions by how long they stay."""
