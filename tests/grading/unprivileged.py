"""Run as root: go on as user 65534, in a view of the files in which Python and the product can be read by everybody.

    python unprivileged.py SITE REPOSITORY SCRIPT ARGUMENT …

The interpreter and a checkout may lie in folders that only root can enter, so they are shown under /srv.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

NOBODY = 65534


def main(site: str, repository: str, script: str, arguments: list[str]) -> None:
    sys.path[:0] = [site, repository]
    system = importlib.import_module("lms.grading.room.system")

    system.unshare(system.CLONE_NEWNS)
    system.mount(None, "/", None, system.MS_REC | system.MS_PRIVATE)
    system.mount("tmpfs", "/srv", "tmpfs", 0, "size=1m,mode=755")
    shown = {"python": sys.base_prefix, "site": site, "lms": f"{repository}/lms", "tests": f"{repository}/tests"}
    for name, path in shown.items():
        os.mkdir(f"/srv/{name}")
        system.mount(path, f"/srv/{name}", None, system.MS_BIND)
    python = Path("/srv/python") / Path(os.path.realpath(sys.executable)).relative_to(os.path.realpath(sys.base_prefix))
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    environment = {
        "PYTHONPATH": "/srv/site:/srv",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    os.execve(python, [str(python), f"/srv/tests/grading/{script}", *arguments], environment)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
