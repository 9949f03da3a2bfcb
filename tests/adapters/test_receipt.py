"""Words to keep are shown so that they can be copied, printed and saved, wherever they are shown."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import unquote

import pytest
from selectolax.lexbor import LexborHTMLParser

from adapters.discord import draw as discord
from adapters.discord.limits import LIMITS
from adapters.fit import pieces
from adapters.teams import cards as teams
from adapters.teams.fields import View
from adapters.web import draw as web
from flows.seam import Card

SIX = "landgoed koraalrif concours rekstok kaart werkwoord"
RECEIPT = Card("Your six words", (("", SIX),), exact=True)
OTHER = Card("Your code", (("", SIX),))
TINY = replace(LIMITS, text=30)


def test_on_discord_they_are_a_code_block() -> None:
    assert f"```\\n{SIX}\\n```" in json.dumps(discord.views([RECEIPT])[0].to_components())
    assert "```" not in json.dumps(discord.views([OTHER])[0].to_components())


def test_in_teams_they_are_a_block_of_one_width() -> None:
    def runs(card: Card) -> list[dict[str, str]]:
        drawn = teams.draw([card], View(language="en"))
        return [run for block in drawn["body"][0]["items"] for run in block.get("inlines", []) if run["text"] == SIX]

    assert [run["fontType"] for run in runs(RECEIPT)] == ["Monospace"]
    assert [run.get("fontType") for run in runs(OTHER)] == [None]


@pytest.mark.parametrize("language", ["nl", "en", "de"])
def test_on_a_page_they_are_selected_at_once_and_saved_without_a_script(language: str) -> None:
    def page(card: Card) -> LexborHTMLParser:
        values = {"parts": (card,), "action": "/", "uid": "u", "key": "", "saved": True}
        return LexborHTMLParser(web.html("message.html", language, **values))

    shown = page(RECEIPT).css_first(".keep")
    assert shown is not None
    assert shown.text() == SIX
    link = page(RECEIPT).css_first("a[download]")
    assert link is not None
    kind, _, picture = str(link.attributes["href"]).partition(",")
    assert kind == "data:image/svg+xml"
    drawn = LexborHTMLParser(unquote(picture)).css("text")
    assert [word.text() for word in drawn] == SIX.split()
    assert page(OTHER).css(".keep, a[download], [data-copy]") == []


def test_what_is_divided_stays_exact() -> None:
    assert all(isinstance(piece, Card) and piece.exact for piece in pieces(RECEIPT, TINY))
