"""`run.sh` where there is no Python that it could use."""

import shutil
import subprocess
from pathlib import Path

from tests.command import PROJECT


def test_an_old_python_is_told_in_one_line(tmp_path: Path) -> None:
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("cat", "dirname", "readlink", "rm"):
        found = shutil.which(name)
        assert found
        (commands / name).symlink_to(found)
    old = commands / "python3"
    old.write_text('#!/bin/sh\ncase "$2" in *version_info*) exit 1 ;; esac\necho 3.10.9\n')
    old.chmod(0o755)
    shutil.copy(PROJECT / "run.sh", tmp_path)

    ran = subprocess.run(
        [tmp_path / "run.sh"],
        cwd=tmp_path,
        env={"PATH": str(commands)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (1, "")
    [line] = ran.stderr.splitlines()
    assert line.startswith("run.sh: Python 3.11 or newer is needed, found: 3.10.9.")
    assert not (tmp_path / ".venv").exists()
