"""Lists of words as one writes them: side by side."""

from __future__ import annotations


def listed(words: str) -> tuple[str, ...]:
    """The words between the spaces."""
    return tuple(words.split())
