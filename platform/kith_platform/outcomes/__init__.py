"""What customers want to reach with us: baseline, target, what came of it, and what it is worth to them."""
