"""A snapshot's facts as Ibis tables. before, during and at are the only ways in: nothing sees the future or another period."""
