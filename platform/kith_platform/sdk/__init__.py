"""The only door for plugins: hook specifications, the types they exchange, and the toolkit over core's services."""

from kith_platform.sdk.hookspecs import hookimpl

__all__ = ["hookimpl"]
