"""What customer work costs and brings: initiatives with costs and benefits, what is claimed and what is proven."""
