"""Discovery of plugins and the streams of migrations they bring."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from kith_platform.migrate import Stream, plugin_stream

GROUP = "kith.plugins"


def installed_streams() -> list[Stream]:
    """The migration streams of installed plugins, by name; found without importing a plugin."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        spec = find_spec(point.module)
        folder = Path(spec.origin).parent if spec and spec.origin else None
        if folder and (folder / "migrations" / "versions").is_dir():
            found.append(plugin_stream(point.name, folder))
    return found
