"""Whether a text holds a link that somebody could follow."""

import re
import unicodedata

# A scheme or "www." says it all: "http://x", "ftp://x", "www.x".
_EXPLICIT = re.compile(r"\w://[\w\[]|\bwww\.\w", re.IGNORECASE)

# What may be a name with dots, and what follows it.
_NAME = re.compile(r"(?<![\w-])([\w-]++(?:\.[\w-]++)++)(/|:\d|\?\w)?")

# The ideographic full stop counts as a dot in names (UTS #46); joiners are left out of them.
_DOTS_AND_JOINERS = str.maketrans({"。": ".", "\u200c": None, "\u200d": None})

_CERTAIN = frozenset({"com", "net", "org"})

# The generic endings that games and spam use most, and a few in other scripts; the rest would mostly be missing spaces.
_GENERIC = (
    "app biz bond buzz casino cfd cloud cyou dev edu gov icu info media page sbs site stream tech tokyo webcam website wiki "
    "xxx xyz zone рф укр бел қаз ελ 中国 公司 网络 السعودية"
)

# The endings of countries (ISO 3166), but for those below; and eu.
_COUNTRIES = (
    "ac ad ae af ag ai al ao aq ar au aw ax az ba bb bd bf bg bh bi bj bm bn bo br bs bt bw bz ca cc cd cf cg ch ci ck cl cm "
    "cn co cr cu cv cw cx cy cz de dj dk dm dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gh gi gl gm gn gp gq gr "
    "gs gt gu gw gy hk hn hr ht hu ie il io iq ir je jm jo jp ke kg kh ki km kn kp kr kw ky kz lb lc li lk lr ls lt lu lv ly "
    "ma mc mg mh mk ml mm mn mp mq mr ms mt mv mw mx mz nc nf ng ni nl np nr nu nz om pa pe pf pg ph pk pl pn pr pt pw qa ro "
    "ru rw sa sb sc sd se sg si sk sl sm sn sr st su sv sx sy sz tc td tf tg th tj tk tl tm tn tr tt tw tz ua ug uk uy uz va "
    "vc ve vg vi vn vu wf ws ye yt za zm zw"
)

# Endings that are words as well, or the endings of files: a link only with something behind, such as "t.me/x".
_WORDS = (
    "am art as at be blog by cam chat click club design digital do email fun games gg guru hm host id im in ink is it la life "
    "link live lol md me mo mobi mom monster mu my na name ne network news no one online party pm porn press pro ps py quest "
    "re rest rs sex sh shop show so social space store studio team tips to today top trade tv us video vip win work world wtf"
)

_WITH_PATH = frozenset(f"{_GENERIC} {_COUNTRIES} {_WORDS}".split()) | _CERTAIN
_ALONE = _WITH_PATH - frozenset(_WORDS.split())


def holds_link(text: str) -> bool:
    """Whether there is an address with a scheme, "www.", a domain name, or an IP address with a port or path.

    Errs on the side of talk: "stop.it", "3.14", "file.txt" and e-mail addresses are no links.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_DOTS_AND_JOINERS)
    return bool(_EXPLICIT.search(plain)) or any(
        _is_address(match[1], plain[max(0, match.start() - 1) : match.start()] == "@", bool(match[2]))
        for match in _NAME.finditer(plain)
    )


def _is_address(name: str, is_email: bool, goes_on: bool) -> bool:
    *labels, ending = name.strip("-_").split(".")
    if goes_on:
        return ending.lower() in _WITH_PATH or ending.startswith("xn--") or _is_ip([*labels, ending])
    if is_email or ending.lower() in _CERTAIN:
        return not is_email
    # "Hi.De facto" lacks a space; "3.am" is no name.
    return not ending.istitle() and not labels[-1].isdigit() and (ending.lower() in _ALONE or ending.startswith("xn--"))


def _is_ip(parts: list[str]) -> bool:
    return len(parts) == 4 and all(part.isdecimal() and len(part) <= 3 and int(part) <= 255 for part in parts)
