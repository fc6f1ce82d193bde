"""The command line. Each module here with a tuple COMMANDS adds its commands; so do entry points of group `kith.commands`."""

from kith_platform.cli.root import main

__all__ = ["main"]
