"""One process of a site that knows the sample jobs: `python sample_site.py worker send`. Its folder is on the path."""

from __future__ import annotations

import sys

import sample_jobs  # noqa: F401 - declares its kinds

from kith_workers import commands

if __name__ == "__main__":
    getattr(commands, sys.argv[1]).main(sys.argv[2:])
