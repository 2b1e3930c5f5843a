"""Words of the list are found however they are spelled, and others are left alone."""

import pytest

from tilo_ws.protocol.words import WordFilter

WORDS = """\
# words that nobody wants to read here

bad
ass
Fool
foolish
bitch
clit
slut
raper
go away
идиот
μαλάκας
ばか
किताब
🖕
f**l
"""

FILTER = WordFilter(WORDS.splitlines())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("you are BAD!", "you are ***!"),
        ("bad,bad;bad", "***,***;***"),
        ("-bad- bad123", "-***- ***123"),
        ("b4d a55! @ss @$$", "*** ***! *** ***"),
        ("b!tch", "*****"),
        ("c1it cl1t SIut s1ut", "**** **** **** ****"),
        ("в\u0430d ｂａｄ 𝔟𝔞𝔡 🇧🇦🇩", "*** *** *** ***"),
        ("b\u200da\u200dd", "*****"),
        ("ba\u0301d\u0301!", "*****!"),
        ("baaad fooooool aaasss", "***** ******** ******"),
        ("b.a.d b_a_d b.a.d", "***** ***** *****"),
        ("b a d", "*****"),
        ("f o o l y o u", "******* y o u"),
        ("s o f o o l", "s o *******"),
        ("b-a-a-a-d", "*********"),
        ("Go away!", "*******!"),
        ("go  a\u0301way", "*********"),
        ("f**l", "****"),
        ("ИДИОТ Идиот", "***** *****"),
        ("ΜΑΛΑΚΑΣ Μαλάκας", "******* *******"),
        ("おまえばか", "おまえ**"),
        ("ha🖕ha", "ha*ha"),
        ("किताब", "*****"),
    ],
)
def test_a_word_of_the_list_is_masked_code_point_by_code_point(text: str, masked: str) -> None:
    assert FILTER.mask(text) == masked
    assert FILTER.finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "class Scunthorpe assess bass badge",
        "c l a s s",
        "baad rapper raaapper",  # two letters in a row make other words
        "as",
        "455 points, version 4.5.5, $5",
        "U.S.A.",
        "I am a gg",
        "away we go",
        "はか",
        "कताब",
        "https://example.com/classic",
    ],
)
def test_other_words_are_left_alone(text: str) -> None:
    assert FILTER.mask(text) == text
    assert not FILTER.finds(text)


def test_an_empty_list_finds_nothing() -> None:
    assert not WordFilter(["", "  ", "# bad"]).finds("bad # bad")


@pytest.mark.parametrize("part", ["i", "1!", "I ", "1a1 ", "ab", "a b ", "\ufdfa", "!", "\u0301"])
def test_a_message_of_one_pattern_is_read_in_linear_steps(part: str) -> None:
    """Each look-up is bounded by the text's length times the lengths of the words in the list."""
    assert len(WordFilter(["bad", "iiii"]).mask(part * 2_000)) == len(part) * 2_000
