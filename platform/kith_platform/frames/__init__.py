"""A snapshot's facts as Ibis tables. before, known, before_each, during and at are the only ways in: nothing sees the future, or
another period.
"""

from kith_platform.frames.service import WEB_MEMORY_MB, WEB_THREADS, Frames, open_frames
from kith_platform.frames.tables import Tables

__all__ = ["WEB_MEMORY_MB", "WEB_THREADS", "Frames", "Tables", "open_frames"]
