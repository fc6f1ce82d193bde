"""What success means, agreed before it is judged: signed records of baseline, target, owner and date, and scores against them."""
