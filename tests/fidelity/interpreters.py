# SPDX-License-Identifier: BSD-2-Clause
"""Finds the CPythons of this machine: what is behind each launcher, which of them are compared."""

import glob
import json
import os
import re
import subprocess

OLDEST_MINOR, NEWEST_MINOR = 8, 14      # of the versions that are expected, and named if missing
FREE_THREADED_SINCE = 13

NAME = re.compile(r"(python|pypy)[23]?(\.\d+)?t?$")

# Besides PATH: where distributions and version managers put them.
FOLDERS = (
    "/usr/bin", "/usr/local/bin", "/opt/*/bin",
    "$PYENV_ROOT/versions/*/bin", "~/.pyenv/versions/*/bin",
    "~/.local/share/uv/python/*/bin", "~/.asdf/installs/python/*/bin",
    "~/.local/share/mise/installs/python/*/bin", "~/.local/share/rtx/installs/python/*/bin",
    "~/.rye/py/*/bin", "~/.local/share/hatch/env/virtual/.pythons/*/python/bin",
    "~/*conda*/bin", "~/*conda*/envs/*/bin", "~/mambaforge/bin", "~/miniforge3/bin",
    "/opt/conda/envs/*/bin", "/nix/var/nix/profiles/*/bin", "~/.nix-profile/bin",
    "/home/linuxbrew/.linuxbrew/bin",
)

# Runs in any Python, 2.7 included.
DESCRIBE = """
import json, os, platform, sys
try:
    import sysconfig
    free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
except ImportError:
    free = False
print(json.dumps({
    "implementation": platform.python_implementation(),
    "version": list(sys.version_info[:3]),
    "path": os.path.realpath(sys.executable),
    "origin": os.path.dirname(os.path.realpath(getattr(sys, "base_prefix", sys.prefix))),
    "free_threaded": free,
}))
"""


class Interpreter:
    def __init__(self, description):
        self.implementation = description["implementation"]
        self.version = tuple(description["version"])
        self.path = description["path"]
        self.origin = description["origin"]
        self.free_threaded = description["free_threaded"]

    @property
    def minor_name(self):
        return "%d.%d%s" % (self.version[:2] + ("t" if self.free_threaded else "",))

    @property
    def full_name(self):
        return "%d.%d.%d%s" % (self.version + ("t" if self.free_threaded else "",))

    @property
    def is_compared(self):
        return self.implementation == "CPython" and self.version >= (3, OLDEST_MINOR)

    @property
    def checks_every_op(self):
        """Up to 3.9 a drop request is honoured between any two instructions."""
        return self.version < (3, 10)


def describe(path):
    """Asks what is behind a path. None: nothing that answers."""
    try:
        done = subprocess.run([path, "-c", DESCRIBE], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
        return Interpreter(json.loads(done.stdout))
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        return None


def candidates(folders):
    for pattern in folders:
        pattern = os.path.expandvars(os.path.expanduser(pattern))
        for folder in sorted(glob.glob(pattern)):
            try:
                names = sorted(os.listdir(folder))
            except OSError:
                continue
            for name in names:
                path = os.path.join(folder, name)
                if NAME.match(name) and os.access(path, os.X_OK):
                    yield path


def select(interpreters):
    """One for each minor version and build: of those of one origin, the newest."""
    best = {}
    for interpreter in interpreters:
        key = (interpreter.implementation, interpreter.minor_name, interpreter.origin)
        if key not in best or best[key].version < interpreter.version:
            best[key] = interpreter
    return sorted(best.values(), key=lambda i: (i.version, i.free_threaded, i.path))


def find(folders=None):
    """All interpreters, compared or not. A launcher leads to what it runs."""
    if folders is None:
        folders = tuple(os.environ.get("PATH", "").split(os.pathsep)) + FOLDERS
    by_path = {}
    asked = set()
    for path in candidates(folders):
        real = os.path.realpath(path)
        # A link to another program is a launcher that goes by its own name.
        key = real if NAME.match(os.path.basename(real)) else path
        if key in asked:
            continue
        asked.add(key)
        interpreter = describe(path)
        if interpreter:
            by_path.setdefault(interpreter.path, interpreter)
    return select(by_path.values())


def missing(interpreters):
    """The names of versions that were expected and are not among those compared."""
    there = {interpreter.minor_name for interpreter in interpreters if interpreter.is_compared}
    expected = ["3.%d" % minor for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1)]
    expected += ["3.%dt" % minor for minor in range(FREE_THREADED_SINCE, NEWEST_MINOR + 1)]
    return [name for name in expected if name not in there]


def set_labels(interpreters):
    """Short names for columns: the minor version, with more where that is not unique."""
    for interpreter in interpreters:
        same = [i for i in interpreters if i.minor_name == interpreter.minor_name]
        interpreter.label = interpreter.minor_name if len(same) == 1 else interpreter.full_name
