"""The universal hold-out: one customer in twenty whom no campaign is ever sent to, so that what all campaigns add can be told.

Arm = sha256("universal" | customer) mod 10,000 (domain.md E6), so who is in it never changes and nobody chooses; a customer's
public id already belongs to one company only. The database computes it, so no way of making customers can forget it.
"""

from __future__ import annotations

import hashlib
import uuid

ARMS, HELD_BACK = 10_000, 500  # 5 % (domain.md D0)
EXPERIMENT = b"universal|"
# The first three bytes of the hash as a number; `uuid_send` gives the sixteen bytes of the id.
_HASH = f"sha256(decode('{EXPERIMENT.hex()}', 'hex') || uuid_send(public_id))"
_NUMBER = " + ".join(f"get_byte({_HASH}, {byte}) * {256 ** (2 - byte)}" for byte in range(3))
SQL = f"mod({_NUMBER}, {ARMS}) < {HELD_BACK}"


def held_back(public_id: uuid.UUID) -> bool:
    """Whether the customer is in the hold-out."""
    return int.from_bytes(hashlib.sha256(EXPERIMENT + public_id.bytes).digest()[:3]) % ARMS < HELD_BACK
