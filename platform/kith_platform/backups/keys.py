"""The two keys of an installation. A backup holds their fingerprints; the keys themselves only on request.

`model_key` seals every trained model, `secret_key` encrypts second factors and waiting mail. Whoever has backup and keys has
everything, so by default they are kept apart.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from kith_platform.backups.manifest import KEYS, fingerprint
from kith_platform.config import Settings
from kith_platform.servers.home import Home

SAME, RESTORED, DIFFERENT = "same", "restored", "different"


def current(settings: Settings, home: Home) -> dict[str, str]:
    """The keys this installation works with, by name; made where there are none yet."""
    return {"model_key": home.model_key, "secret_key": settings.secret_key or home.secret_key}


def save(folder: Path, keys: Mapping[str, str]) -> list[str]:
    """Write the keys into a backup, mode 0600. Returns their paths in it."""
    (folder / KEYS).mkdir(mode=0o700)
    for name, key in keys.items():
        _write(folder / KEYS / name, key)
    return [f"{KEYS}/{name}" for name in keys]


def put_back(folder: Path, settings: Settings, home: Home, wanted: Mapping[str, str]) -> dict[str, str]:
    """Make the home's keys those of the backup where it holds them. Says of each: same, restored or different.

    A secret key of the environment stays as it is: only whoever set it can change it.
    """
    told = {}
    for name, mark in wanted.items():
        kept = folder / KEYS / name
        if fingerprint(current(settings, home)[name]) == mark:
            told[name] = SAME
        elif kept.exists() and not (name == "secret_key" and settings.secret_key):
            fresh = home.keys / f".{name}.new"
            _write(fresh, kept.read_text("utf-8"))
            fresh.replace(home.keys / name)
            told[name] = RESTORED
        else:
            told[name] = DIFFERENT
    return told


def _write(path: Path, key: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(key)
