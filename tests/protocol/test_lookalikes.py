"""What looks alike is folded alike."""

import pytest

from tilo_ws.protocol.lookalikes import ReservedNames, fold, skeletons


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Bad", "bad"),
        ("B4d", "bad"),
        ("b\u0430d", "bad"),  # Cyrillic a
        ("ΒΑD", "bad"),
        ("ｂａｄ", "bad"),
        ("𝕭𝖆𝖉", "bad"),
        ("🅱🅰🅳", "bad"),
        ("🇧🇦🇩", "bad"),
        ("b\u200da\u200dd", "bad"),
        ("b\u0336a\u0336d\u0336", "bad"),
        ("$h1p 70p", "ship top"),
        ("naïve Łódź", "naive lodz"),
        ("Straße", "strasse"),
        ("が", "が"),
        ("ไม้", "ไม้"),
        ("a-b c.", "a-b c."),
        ("2 6", "2 6"),
    ],
)
def test_text_is_folded_to_how_it_is_read(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("word", ["Идиот", "Νίκη", "Straße", "Ꭰꮳ", "İstanbul"])
def test_capitals_and_small_letters_look_alike(word: str) -> None:
    assert skeletons(word) & skeletons(word.lower())


def test_one_character_becomes_a_few_letters_at_most() -> None:
    assert len(fold("\ufdfa")) == 4


@pytest.mark.parametrize(
    "nickname",
    [
        "admin",
        "ADMIN",
        "Аdmin",  # Cyrillic A
        "ADMIΝ",  # Greek capital nu
        "аdміn",
        "adm1n",
        "admln",
        "adm|n",
        "@dmin",
        "ádmin",
        "ａｄｍｉｎ",
        "a d m i n",
        "[admin]",
        "a.d_m-i.n",
        "adrnin",
        "🅰dmin",
        "admin\u200b",
        "System",
        "5y5tem",
        "ЅYЅТЕМ",
    ],
)
def test_a_lookalike_of_a_reserved_name_is_taken(nickname: str) -> None:
    assert ReservedNames(["admin", "system"]).takes(nickname)


@pytest.mark.parametrize("nickname", ["administer", "Adam", "badmin", "systems", "🔥", "Zoë", "админ"])
def test_another_name_is_free(nickname: str) -> None:
    assert not ReservedNames(["admin", "system"]).takes(nickname)


def test_names_without_a_letter_are_told_apart() -> None:
    assert skeletons("🔥") != skeletons("💧")
    assert not ReservedNames(["admin"]).takes("")
