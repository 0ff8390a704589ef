"""Makes the virtual environments of the peers that cannot share ours, each once for its list of packages.

python -m benchmarks.environments
"""

from __future__ import annotations

import subprocess
import sys
import venv

from benchmarks.peers import ENVIRONMENTS, Environment
from benchmarks.processes import ROOT, VENVS


def pinned(name: str) -> str:
    """The line of `constraints.txt` about a package."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


def make(name: str, environment: Environment) -> bool:
    """Install an environment unless it is there with just these packages; whether it is there now."""
    folder = VENVS / name
    stamp, wanted = folder / ".packages", "\n".join((*map(pinned, environment.first), *environment.then))
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return True
    print(f"installing {name} into benchmarks/.venvs", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for packages in (tuple(map(pinned, environment.first)), environment.then):
        if packages and subprocess.run([*pip, *packages], check=False).returncode:
            print(f"{name} could not be installed; the page will say so", file=sys.stderr)
            return False
    stamp.write_text(wanted, encoding="utf-8")
    return True


def main() -> None:
    for name, environment in ENVIRONMENTS.items():
        make(name, environment)


if __name__ == "__main__":
    main()
