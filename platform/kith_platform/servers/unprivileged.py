"""How PostgreSQL, which refuses root, is run when Kith itself runs as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kith_platform.i18n import mark as N_  # noqa: N812 - gettext's usual name
from kith_platform.servers.home import ServerError


@dataclass(frozen=True)
class Runner:
    """A prefix of the command line (a user namespace), or another user, or neither."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def run(self, command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        """subprocess.run with a clean environment: no secret of ours and no PG* variable reaches the server."""
        if self.uid is not None:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        return subprocess.run([*self.prefix, *command], env=environment, cwd="/", **options)  # type: ignore[call-overload,no-any-return]  # noqa: S603, PLW1510

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def _passes(self, test: str, path: Path) -> bool:
        return self.run(["test", test, str(path)], capture_output=True).returncode == 0

    def demand(self, path: Path) -> None:
        """Raise ServerError naming the first folder on the way to `path` that the server may not enter."""
        if self._passes("-x", path.parent):
            return
        for folder in reversed(path.parents):
            if not self._passes("-x", folder):
                raise ServerError(
                    N_(
                        "PostgreSQL does not run as root, and its user may not enter %(folder)s on the way to %(path)s. "
                        "Run Kith as an ordinary user, or put KITH_HOME and the environment where every user may go."
                    ),
                    folder=folder,
                    path=path,
                )


def runner(data: Path) -> Runner:
    """Plain for an ordinary user; as root a user namespace, in which root's files look like an ordinary user's own.

    Where namespaces are refused: the user `nobody` or the first ordinary one. initdb looks its user up by name,
    so the user must stand in the password file; an ordinary user that does not gets a namespace as well.
    A `data` folder that exists already is served by its owner.
    """
    if os.geteuid() == 0 and data.exists() and (found := data.stat()).st_uid != 0:
        return Runner(uid=found.st_uid, gid=found.st_gid)
    known = {entry.pw_uid for entry in pwd.getpwall()}
    root = os.geteuid() == 0
    if not root and os.geteuid() in known:
        return Runner()
    uid = 1000 if 1000 in known else min((uid for uid in known if uid > 1000), default=65534)
    if shutil.which("unshare", path=os.defpath):
        spaced = Runner(("unshare", "-U", f"--map-user={uid}", f"--map-group={uid}"))
        if spaced._passes("-d", Path("/")):  # noqa: SLF001
            return spaced
    if not root:
        raise ServerError(
            N_("User %(uid)s has no name in the password file, and PostgreSQL needs one: add it to /etc/passwd."),
            uid=os.geteuid(),
        )
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        nobody = pwd.getpwuid(uid)
    return Runner(uid=nobody.pw_uid, gid=nobody.pw_gid)
