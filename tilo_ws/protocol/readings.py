"""How the word filter reads a text: folded, and each folded letter with the place that it comes from."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tilo_ws.protocol.lookalikes import AMBIGUOUS, fold_character


class Reading(NamedTuple):
    """A folded text: its characters, the same with separators as spaces, and from which place of the text each comes.

    `places` has one more, the text's end. `before` is `letters` of the reading before this one, if any.
    """

    text: str
    folded: str
    letters: str
    places: list[int]
    before: str = ""


def readings(text: str) -> Iterator[Reading]:
    """The text folded; and once more with "l" for what stands for "i" or "l", where there is such a character."""
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        letters = fold_character(character)
        folded += letters
        places += [place] * len(letters)
    places.append(len(text))
    first = Reading(text, "".join(folded), blank_separators(folded), places)
    yield first
    ambiguous = [index for index, place in enumerate(places[:-1]) if text[place] in AMBIGUOUS]
    if ambiguous:
        other = list(first.letters)
        for index in ambiguous:
            folded[index] = other[index] = "l"
        yield Reading(text, "".join(folded), "".join(other), places, before=first.letters)


def blank_separators(folded: Iterable[str]) -> str:
    """The same with a space for each character that is no part of a word. Vowel signs (marks) are."""
    return "".join(
        [character if character.isalnum() or unicodedata.category(character)[0] == "M" else " " for character in folded]
    )
