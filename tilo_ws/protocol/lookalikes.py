"""Spellings that look alike: letters of other scripts, leetspeak and accents folded to plain small letters."""

# ruff: noqa: RUF001, RUF003 - the look-alikes are the content
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Letters drawn like a Latin one, after Unicode's confusables.txt (UTS #39). Left out is what NFKC or the removal of accents
# folds already. Beside it: small letters whose capital is confusable, so that upper and lower case fold alike, letters with
# a stroke, and small capitals.
_LOOKALIKES = {
    lookalike.casefold(): letter
    for letter, lookalikes in {
        "a": "аαɑᴀаꭺꓮᗅ",
        "b": "вьβʙƀɓꮟᏼꓐᗷ",
        "c": "сⲥᴄꮯꓚᑕ",
        "d": "ԁđɖɗᴅꭰꓓᗪᑯ",
        "e": "еєεҽ℮ɛəᴇꬲꭼꓰⴹ",
        "f": "ƒϝꞙꬵꜰքꓝᖴ",
        "g": "ɡɢɠԍցᶃꮐꓖ",
        "h": "нһհħʜɦⲏꮋꓧᕼ",
        "i": "іıιɩɪӏꙇⲓꭵ",
        "j": "јϳʝᴊꭻꓙᒍ",
        "k": "кκᴋⲕƙꮶꓗᛕ",
        "l": "łʟⳑꮮꓡᒪǀ",
        "m": "мμᴍϻⲙꮇꓟᗰ",
        "n": "ηոռɴɲŋпⲛꓠ",
        "o": "оοσøօᴏᴑɵⲟჿꓳⵔ",
        "p": "рρᴘþⲣꮲꓑᑭ",
        "q": "ԛգզϙⵕ",
        "r": "гʀɾᴦⲅꭱꮢꓣᖇяꭇ",
        "s": "ѕƽꜱʂտꮥꮪꓢ",
        "t": "тτᴛŧƭⲧꭲꓔ",
        "u": "υսʊʋᴜꞟꭎꓴᑌц",
        "v": "νѵᴠⴸꮩꓦᐯ",
        "w": "ωѡԝաɯᴡшщꮃꮤꓪ",
        "x": "хχⲭꓫ᙭×",
        "y": "уүγʏɣყⲩꭹꓬ",
        "z": "ζᴢʐƶꮓꓜ",
    }.items()
    for lookalike in lookalikes
}
_LEETSPEAK = dict(zip("0345789$@", "oeastbgsa", strict=True))

# What looks otherwise than its small letter or its normal form: Greek capitals beside ν, η and υ, the lunate sigma.
_AS_DRAWN = {"Ν": "n", "Η": "h", "Υ": "y", "Ϲ": "c", "ϲ": "c"}

# The first letters of three rows of 26: white on black circles, white on black squares, the letters that flags are made of.
_ALPHABETS = (0x1F150, 0x1F170, 0x1F1E6)

AMBIGUOUS = frozenset("1!|I")
"""What stands for "i" as well as for "l"."""

# A few Arabic ligatures stand for whole phrases, of up to 18 letters.
_LONGEST_FOLD = 4

# Accents and points that words are read without: combining marks of Latin, Greek, Cyrillic, Hebrew and Arabic, variation
# selectors. Vowel signs of Indian scripts and of Thai stay: without them it is another word.
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef\u115f\u1160\u3164\uffa0]"
)


def fold(text: str) -> str:
    """The text in small letters as it is read: "B4d" and "bád" are both "bad". Other characters stay as they are.

    What may be "i" or "l" becomes "i".
    """
    return "".join(map(fold_character, text))


@lru_cache(maxsize=16_384)
def fold_character(character: str) -> str:
    """The fold of one character: empty for what nobody sees, up to four letters for a ligature."""
    if character in AMBIGUOUS:
        return "i"
    if character.isascii():
        return _LEETSPEAK.get(character, character.lower())
    if character in _AS_DRAWN:
        return _AS_DRAWN[character]
    if unicodedata.category(character) == "Cf":
        return ""
    for first in _ALPHABETS:
        if first <= ord(character) < first + 26:
            return chr(ord("a") + ord(character) - first)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    letters = unicodedata.normalize("NFC", _MARKS.sub("", plain))
    return "".join(_LOOKALIKES.get(letter, letter) for letter in letters[:_LONGEST_FOLD])


def skeletons(name: str) -> set[str]:
    """What to compare names by: two that share one look alike. Never empty; holds no separators unless there is nothing else.

    There are two where capitals look different from small letters. Also folded are "l" to "i", "rn" to "m", "vv" to "w".
    """
    return {_skeleton(name), _skeleton(name.lower())}


def _skeleton(name: str) -> str:
    letters = "".join(letter for letter in fold(name) if letter.isalnum())
    return letters.replace("l", "i").replace("rn", "m").replace("vv", "w") or name.casefold()


class ReservedNames:
    """Nicknames that players cannot take, nor anything that looks like one of them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._skeletons = {skeleton for name in names for skeleton in skeletons(name)}

    def takes(self, nickname: str) -> bool:
        """Whether this nickname is one of them or looks like one; separators do not tell names apart."""
        return not self._skeletons.isdisjoint(skeletons(nickname))
