"""Keys of players' tokens are taken over while the server runs, and a faulty file changes nothing."""

import json
import logging
import os
import threading
from pathlib import Path

import pytest

from tests.protocol.test_token_keys import ED25519, P256, jwk, pem
from tilo_ws.protocol.token_keys import key_set, public_key
from tilo_ws.services.key_file import MAX_FILE_BYTES, KeyFile

KEPT = "players' tokens are checked with the keys of before"


def jwks(*ids: str) -> str:
    return json.dumps({"keys": [jwk(P256, kid=id) for id in ids]})


def replace(path: Path, contents: str) -> None:
    """As rotation should do it: written beside, then moved."""
    beside = path.with_suffix(".new")
    beside.write_text(contents, encoding="utf-8")
    beside.replace(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(jwks("old"), encoding="utf-8")
    return path


@pytest.fixture
def file(path: Path) -> KeyFile:
    file = KeyFile(path, key_set)
    file.read()
    return file


def test_a_file_that_is_as_it_was_is_not_read_again(file: KeyFile, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert file.changed() is None
    os.utime(path, (1, 1))
    assert file.changed() is None, "the same keys"
    assert not caplog.messages


@pytest.mark.parametrize("write", [replace, Path.write_text])
def test_a_changed_file_gives_its_keys_once(file: KeyFile, path: Path, write: object, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    write(path, jwks("new", "next"))  # type: ignore[operator]
    keys = file.changed()
    assert keys is not None
    assert [keys.find(id) is not None for id in ("new", "next", "old")] == [True, True, False]
    assert file.changed() is None
    assert len(caplog.messages) == 1


def test_a_half_written_file_changes_nothing_and_is_told_once_and_so_is_its_end(
    file: KeyFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    whole = jwks("old", "new")
    for half in ("", whole[:50], whole[:-1]):
        path.write_text(half, encoding="utf-8")
        assert file.changed() is None
    [line] = caplog.messages
    assert line == f"{path} is no JSON object; {KEPT}"
    path.write_text(whole, encoding="utf-8")
    keys = file.changed()
    assert keys is not None
    assert keys.find("new")
    assert caplog.messages[1:] == [f"the keys of players' tokens are those of {path} as it is now"]


def test_a_file_that_is_gone_changes_nothing_and_its_return_is_told(
    file: KeyFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path.unlink()
    assert file.changed() is file.changed() is None
    replace(path, jwks("old"))
    assert file.changed() is None, "the same keys"
    assert [message.partition(":")[0] for message in caplog.messages] == [
        f"{path} cannot be read",
        f"the keys of players' tokens are those of {path} as it is now",
    ]


def test_a_file_behind_a_link_that_is_turned_is_read(tmp_path: Path) -> None:
    """As Kubernetes mounts secrets."""
    for name, private in (("one", P256), ("two", ED25519)):
        (tmp_path / name).write_bytes(pem(private))
    link = tmp_path / "key.pem"
    link.symlink_to("one")
    file = KeyFile(link, public_key)
    file.read()
    link.unlink()
    link.symlink_to("two")
    keys = file.changed()
    assert keys is not None
    key = keys.find(None)
    assert key is not None
    assert key.algorithm == "EdDSA"


def test_a_pipe_is_read_at_the_start_and_never_again(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=[pem(P256)])
    writer.start()
    file = KeyFile(path, public_key)
    assert file.read().find(None)
    writer.join()
    assert file.changed() is None


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is no JSON object"),
        (b" " * (MAX_FILE_BYTES + 1), "is larger"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(contents: bytes | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(ValueError, match=f"^{path} {reason}"):
        KeyFile(path, key_set).read()
