"""The word filter: words of a list found in what people say, however they are spelled."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

from tilo_ws.protocol.lookalikes import fold
from tilo_ws.protocol.readings import Reading, blank_separators, readings

_RUN = re.compile(r"(.)\1*", re.DOTALL)
_STRETCHED = re.compile(r"(.)\1\1", re.DOTALL)
_TOKEN = re.compile(r"\S+")

LEAST_STRETCH = 3
"""So often a letter stands in a row before it counts as stretched: "baaad" is "bad", but "rapper" is not "raper"."""

_LEAST_SPELLED = 4
"""Letters of a word that is found among others that are spelled out: "y o u f o o l", but not the end of "c l a s s"."""

# Scripts without spaces between words (Thai, Lao, Myanmar, Khmer, kana, Han), and Hangul, which adds endings to words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class WordFilter:
    """A list of words and phrases, one a line; `#` begins a comment line.

    They match as whole words; those of scripts without spaces, and emoji, match anywhere.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._collapsed: defaultdict[str, set[str]] = defaultdict(set)
        self._phrases: set[str] = set()
        self._phrase_lengths: set[int] = set()
        self._spelled = _Substrings()
        self._anywhere = _Substrings()
        for line in lines:
            if line.strip() and not line.lstrip().startswith("#"):
                for form in {line.strip(), line.strip().lower(), line.strip().upper()}:
                    self._add(form)

    def finds(self, text: str) -> bool:
        """Whether the text holds a word of the list."""
        return next(self._spans(text), None) is not None

    def mask(self, text: str) -> str:
        """The text with `*` for each code point of the words found, as long as before."""
        masked = list(text)
        for start, end in self._spans(text):
            masked[start:end] = "*" * (end - start)
        return "".join(masked)

    def _add(self, line: str) -> None:
        folded = fold(line)
        tokens = blank_separators(folded).split()
        if not tokens or _UNSPACED.search(folded):
            self._anywhere.add(folded)
        elif len(tokens) > 1:
            self._phrases.add(" ".join(tokens))
            self._phrase_lengths.add(len(tokens))
        else:
            self._words.add(tokens[0])
            self._collapsed[_collapse(tokens[0])].add(tokens[0])
            if len(tokens[0]) >= _LEAST_SPELLED:
                self._spelled.add(tokens[0])

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the words are, from - to; they may overlap."""
        for reading in readings(text):
            for start, end in self._found(reading):
                first, last = reading.places[start], reading.places[end]
                if not _is_number(text[first:last]):
                    yield first, last

    def _found(self, reading: Reading) -> Iterator[tuple[int, int]]:
        tokens = [_without_exclamation(reading, *match.span()) for match in _TOKEN.finditer(reading.letters)]
        for start, end in tokens:
            if reading.letters[start:end] == reading.before[start:end]:
                continue
            for edges in _edges(reading, start, end):
                if self._is_word(reading.letters[slice(*edges)]):
                    yield edges
        yield from self._found_spelled(reading, tokens)
        yield from self._found_phrases(reading, tokens)
        yield from self._anywhere.find(reading.folded)

    def _is_word(self, token: str) -> bool:
        if token in self._words:
            return True
        if not _STRETCHED.search(token):
            return False
        return any(_stretches(token, word) for word in self._collapsed.get(_collapse(token), ()))

    def _found_spelled(self, reading: Reading, tokens: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Words in rows of single letters, whatever stands between these: "b.a.d", "b a d"."""
        row: list[int] = []
        for start, end in [*tokens, (0, 0)]:
            if end - start == 1:
                row.append(start)
                continue
            for places in _words_of_row(reading.folded, row):
                if self._is_word("".join(reading.letters[place] for place in places)):
                    yield places[0], places[-1] + 1
            for first, last in self._spelled.find("".join(reading.letters[place] for place in row)):
                yield row[first], row[last - 1] + 1
            row = []

    def _found_phrases(self, reading: Reading, tokens: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        words = [reading.letters[start:end] for start, end in tokens]
        for length in self._phrase_lengths:
            for first in range(len(words) - length + 1):
                if " ".join(words[first : first + length]) in self._phrases:
                    yield tokens[first][0], tokens[first + length - 1][1]


def _without_exclamation(reading: Reading, start: int, end: int) -> tuple[int, int]:
    while end - start > 1 and reading.text[reading.places[end - 1]] in "!|":
        end -= 1
    return start, end


def _words_of_row(folded: str, row: list[int]) -> Iterator[list[int]]:
    """What may be one word in a row of single letters: all of it, and what has the same separator throughout."""
    if len(row) > 1:
        yield row
    gaps = [folded[first + 1 : second] for first, second in pairwise(row)]
    start = 0
    for _, same in groupby(gaps):
        end = start + len(list(same))
        if end - start < len(gaps):
            yield row[start : end + 1]
        start = end


def _edges(reading: Reading, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A token, and the token without the digits and signs at its edges, which may stand for letters or beside them."""
    inner_start, inner_end = start, end
    while inner_start < end and reading.text[reading.places[inner_start]] in "0123456789!|@$":
        inner_start += 1
    while inner_end > inner_start and reading.text[reading.places[inner_end - 1]] in "0123456789":
        inner_end -= 1
    yield start, end
    if start < inner_start < end:
        yield inner_start, end
    if inner_end < end:
        yield start, inner_end
        if start < inner_start < inner_end:
            yield inner_start, inner_end


def _is_number(text: str) -> bool:
    """Whether it has digits and no letter: "455" and "4.5.5" are no leetspeak."""
    return any(character.isdigit() for character in text) and not any(
        character.isalpha() or character == "@" for character in text
    )


def _collapse(word: str) -> str:
    return _RUN.sub(r"\1", word)


def _stretches(token: str, word: str) -> bool:
    """Whether each letter of the token stands there as often as in the word, or so often that it is stretched."""
    counts = zip(_RUN.finditer(token), _RUN.finditer(word), strict=True)
    return all(len(said[0]) == len(due[0]) or len(said[0]) >= max(LEAST_STRETCH, len(due[0])) for said, due in counts)


class _Substrings:
    """Words found anywhere in a text: at each place one look-up for each length that words with these two letters have."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._letters: set[str] = set()
        self._lengths: defaultdict[str, set[int]] = defaultdict(set)

    def add(self, word: str) -> None:
        if word:
            self._words.add(word)
            self._letters.add(word[0])
            self._lengths[word[:2]].add(len(word))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        for start in [place for place, letter in enumerate(text) if letter in self._letters]:
            for beginning in (text[start], text[start : start + 2]):
                for length in self._lengths.get(beginning, ()):
                    word = text[start : start + length]
                    if word in self._words:
                        yield start, start + len(word)
