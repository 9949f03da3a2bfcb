"""What a card says about where it came from counts only when Erbij itself wrote it, for this person in this tenant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.teams.activities import Event
from adapters.teams.carry import Carrying

IN_TEAM = Event("1", "https://x/", "tenant", "19:channel", False, "29:sam", "oid-sam", "Sam", "en", team="19:team")
IN_PRIVATE = replace(IN_TEAM, conversation="a:1", personal=True, team="")


def pressed(carry: dict[str, str], **changed: str) -> Event:
    return replace(IN_PRIVATE, data={"erbij": {"do": "press", "id": "c.x.1", **carry, **changed}})


@pytest.fixture
def carrying() -> Carrying:
    return Carrying("secret")


@pytest.mark.parametrize("added", [False, True])
def test_a_card_of_ours_brings_its_team_back(carrying: Carrying, added: bool) -> None:
    opened = carrying.opened(pressed(carrying.of(replace(IN_TEAM, added=added))))
    assert (opened.team, opened.added) == ("19:team", added)


@pytest.mark.parametrize(
    "changed",
    [
        {"team": "19:other"},
        {"added": "1"},
        {"seal": ""},
        {"seal": "0" * 32},
        {"seal": "\u00e9\ud800"},
        {"team": "19:team\n1"},
        {"team": "\ud800"},
    ],
)
def test_what_was_changed_by_hand_counts_for_nothing(carrying: Carrying, changed: dict[str, str]) -> None:
    opened = carrying.opened(pressed(carrying.of(IN_TEAM), **changed))
    assert (opened.team, opened.added) == ("", False)


@pytest.mark.parametrize("changed", [{"user": "29:eve"}, {"tenant": "another"}])
def test_another_person_or_tenant_cannot_use_it(carrying: Carrying, changed: dict[str, str]) -> None:
    opened = carrying.opened(replace(pressed(carrying.of(replace(IN_TEAM, added=True))), **changed))
    assert (opened.team, opened.added) == ("", False)


def test_another_secret_is_another_erbij(carrying: Carrying) -> None:
    assert carrying.opened(pressed(Carrying("other").of(IN_TEAM))).team == ""
