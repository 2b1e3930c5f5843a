"""What no test can run is known in full, and every page with commands is followed by a test."""

from pathlib import Path

import pytest

from tests.command import PROJECT
from tests.documents.steps import LeaveOut, steps

HERE = Path(__file__).parent

WORDS_ONLY = {"CONTRIBUTING.md", "benchmarks/README.md"}
"""Their commands are this suite and measurements that take long; test_commands.py looks at the words."""

PAGES = [
    name
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "static/*.md")
    for file in sorted(PROJECT.glob(pattern))
    if "```sh\n" in file.read_text(encoding="utf-8") and (name := str(file.relative_to(PROJECT))) not in WORDS_ONLY
]


def test_these_commands_are_not_run_and_the_page_says_why() -> None:
    left_out = [
        f"{page}, {step.heading}: {step.reason}\n\n{step.commands}"
        for page in PAGES
        for step in steps((PROJECT / page).read_text(encoding="utf-8"))
        if isinstance(step, LeaveOut)
    ]
    assert "\n\n".join(left_out) == (HERE / "not_run.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_followed(page: str) -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py"))
    assert f'reading("{page}"' in tests, f"no test follows {page}"


@pytest.mark.parametrize(
    "page",
    [
        "- a list\n  ```sh\n  ls\n  ```\n",
        "```js\nno sentence names its file\n```\n",
        "```text\nwhich commands say this?\n```\n",
        "<!-- stay -->\n```sh\nls\n```\n",
        "<!-- stays -->\nwords\n",
        "<!-- example -->\nwords\n",
        "<!-- example -->\n```sh\nls\n```\n",
        "```sh\nfalse && ls\n```\n",
        "```sh\nls\n",
    ],
)
def test_what_would_be_left_out_or_fail_silently_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        steps(page)
