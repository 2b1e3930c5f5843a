"""What somebody could follow, and what only has dots."""

import pytest

from tilo_ws.protocol.links import holds_link


@pytest.mark.parametrize(
    "text",
    [
        "http://x",
        "see HTTPS://Example.com/a?b",
        "ftp://files",
        "http://[::1]/",
        "www.example",
        "WWW.x",
        "example.com",
        "hi...example.com... _example.com_",
        "_example.com_",
        "Example.Com!",
        "(example.com)",
        "go to example.com.",
        "EXAMPLE.DE",
        "a.b.example.co.uk",
        "twitch.website",
        "discord.gg/abc",
        "t.me/abc",
        "youtu.be/dQw4",
        "bit.ly",
        "twitch.tv/x",
        "example.shop:8080",
        "example.net?x=1",
        "me@example.com/path",
        "пример.рф",
        "xn--e1afmkfd.xn--p1ai",
        "ｅｘａｍｐｌｅ．ｃｏｍ",
        "example。com",
        "exam\u200dple.c\u200dom",
        "1.2.3.4:8765",
        "1.2.3.4/x",
    ],
)
def test_a_link_is_found(text: str) -> None:
    assert holds_link(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "3.14",
        "$1.000.000,50",
        "version 1.2.3.4",
        "999.1.1.1:80",
        "e.g. this, i.e. that",
        "U.S.A.",
        "at 5 p.m.",
        "Hi.Nice to see you",
        "Yes.De facto",
        "stop.it",
        "who.is.in",
        "wait...what",
        "file.txt main.py readme.md run.sh",
        "zoe@example.com",
        "either/or",
        "10:30",
        "a.b",
        "...",
        "ok.so what",
        "3.am",
        "http:// nothing",
        "Mr.Smith",
        "\u0130.\u0130",
    ],
)
def test_talk_is_no_link(text: str) -> None:
    assert not holds_link(text)
