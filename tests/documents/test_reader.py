"""The reader notices what does not come true."""

from pathlib import Path

import pytest

from tests.documents.machine import Machine
from tests.documents.reader import Reader


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("```sh\necho one\n```\n\n```text\nother\n```\n", "one"),
        ("```sh\necho one; echo two\n```\n\n```text\none\n```\n", "two"),
        ("```sh\nfalse\n```\n", "failed: false"),
        ("```sh\npsql --version\n```\n", "command not found"),
        ("<!-- stays -->\n```sh\necho one\n```\n\n```text\nother\n```\n", "one"),
    ],
)
async def test_a_promise_that_is_not_kept_fails(page: str, complaint: str, machine: Machine, server_directory: Path) -> None:
    reader = Reader(machine, server_directory, page)
    with pytest.raises(AssertionError, match=complaint):
        await reader.follow_rest()
    await reader.close()


async def test_variables_directories_and_files_last_over_the_page(machine: Machine, server_directory: Path) -> None:
    page = """
```sh
mkdir game
cd game
name=Zoë
```

Save this as `game.js`:

```js
one
```

Add this to the end of `game.js`:

```js
two
```

```sh
cat game.js
echo "$name"; seq 3
```

```text
one
…
Z…
…
3
```
"""
    reader = Reader(machine, server_directory, page)
    await reader.follow_rest()
    await reader.close()
    assert reader.directory == server_directory / "game"


async def test_what_asks_is_answered_and_an_example_is_not_compared(machine: Machine, server_directory: Path) -> None:
    page = """
```sh
read -r name
echo "$name"
```

<!-- example -->
```text
Ada
```
"""
    reader = Reader(machine, server_directory, page)
    reader.answers = "Zoë\n"
    await reader.follow_rest()
    await reader.close()
    assert reader.outputs == ["Zoë\n"]
