"""A page of the documents as what its reader does: commands that are run, files that are written, and what commands say.

| in the page | is |
|---|---|
| a block marked `sh` | commands, typed into a window that stays open over the whole page |
| a block marked `text` after it | all that they print; `…` stands for any text, alone on a line for any lines |
| any other block | a file; the sentence above names it last, and says "Add this" where the file goes on |
| `<!-- stays -->` above commands | they go on, in a window of their own, and have said what follows before the reader goes on |
| `<!-- Ctrl-C -->` | the last of those is ended |
| `<!-- not run: why -->` above commands | they cannot be run by a test |
| `<!-- example -->` above any other block | it is shown only |
"""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Run(NamedTuple):
    """Commands, and what they are to say, None where the page does not tell."""

    heading: str
    commands: str
    stays: bool
    said: str | None = None


class Write(NamedTuple):
    """A file, or more of it."""

    heading: str
    file: str
    text: str
    goes_on: bool


class Interrupt(NamedTuple):
    """Ctrl-C in the window of the commands that stayed last."""

    heading: str


class LeaveOut(NamedTuple):
    """Commands that no test can run."""

    heading: str
    commands: str
    reason: str


Step = Run | Write | Interrupt | LeaveOut


def steps(page: str) -> list[Step]:
    """What the reader does, in order. Raises ValueError where that cannot be told."""
    found: list[Step] = []
    heading = paragraph = mark = ""
    for kind, text in _parts(page):
        if kind == "heading":
            heading = text.lstrip("# ")
        elif kind == "paragraph":
            paragraph = text
        elif text == "Ctrl-C" and kind == "comment":
            found.append(Interrupt(heading))
        elif kind == "comment":
            mark = text
            continue
        elif mark == "example" and kind != "sh":
            mark = ""
        elif kind == "text":
            found.append(_saying(found.pop() if found else None, text))
        elif kind == "sh":
            found.append(_commands(heading, mark, text))
            mark = ""
        else:
            found.append(_file(heading, paragraph, text))
        if mark:
            raise ValueError(f"what is meant by {mark!r}?")
    return found


def _parts(page: str) -> Iterator[tuple[str, str]]:
    """Kind and text; the kind of a block is its language."""
    lines = iter(page.splitlines(keepends=True))
    paragraph = ""
    for line in lines:
        special = line.startswith(("```", "<!-- ", "#"))
        if paragraph and (special or not line.strip()):
            yield "paragraph", paragraph
            paragraph = ""
        if line.startswith("```"):
            yield line[3:].strip(), _block(lines)
        elif line.startswith("<!-- "):
            yield "comment", line.strip().removeprefix("<!-- ").removesuffix(" -->")
        elif line.startswith("#"):
            yield "heading", line.strip()
        elif "```" in line:
            raise ValueError(f"a block within a list or a table: {line}")
        elif line.strip():
            paragraph += line
    yield "paragraph", paragraph


def _block(lines: Iterator[str]) -> str:
    text = ""
    for line in lines:
        if line == "```\n":
            return text
        text += line
    raise ValueError(f"a block without an end: {text}")


def _commands(heading: str, mark: str, text: str) -> Run | LeaveOut:
    if mark.startswith("not run: "):
        return LeaveOut(heading, text, mark.removeprefix("not run: "))
    if mark not in ("", "stays"):
        raise ValueError(f"what is meant by {mark!r}?")
    if "&&" in text:
        raise ValueError(f"one command a line: the shell goes on where what stands before && fails: {text}")
    return Run(heading, text, stays=mark == "stays")


def _saying(step: Step | None, text: str) -> Step:
    if not isinstance(step, Run) or step.said is not None:
        raise ValueError(f"which commands say this? {text}")
    return step._replace(said=text)


def _file(heading: str, paragraph: str, text: str) -> Write:
    names = re.findall(r"`([\w./-]*\.\w+)`", paragraph)
    if not names:
        raise ValueError(f"no sentence names the file of this: {text}")
    return Write(heading, names[-1], text, goes_on="Add this" in paragraph.replace("\n", " "))
