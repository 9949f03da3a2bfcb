"""A community's own words: in every sentence, in its language, and nowhere else; what was given is data."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine import Context
from flows.seam import Pressed, Said
from flows.words import LANGUAGES, Msg, _, said
from flows.words.own import WORDS, forms, key_of, put_in, spoken
from scripts.words import catalogue
from storage import settings
from storage.database import Database
from tests.scenarios.town import SIX, Town, form, text

BUDDY = {"word_mentor.nl": "buddy, buddy’s", "word_mentor.en": "ombuds, ombudses", "word_mentor.de": "Buddy"}


def test_each_language_speaks_with_the_communitys_word() -> None:
    told = _("A mentor answered you.")
    assert said(told, spoken("nl", BUDDY)) == "Een buddy heeft je geantwoord."
    assert said(told, spoken("en", BUDDY)) == "An ombuds answered you."
    assert said(told, spoken("de", BUDDY)) == "Jemand aus dem Buddy-Team hat dir geantwortet."
    assert said(_("Mentors"), spoken("nl", BUDDY)) == "Buddy’s"
    assert said(_("With your six words you can read the mentors’ answer, and write more."), spoken("de", BUDDY)) == (
        "Mit deinen sechs Wörtern kannst du die Antwort des Buddy-Teams lesen und mehr schreiben."
    )
    assert said(told, "nl") == "Een mentor heeft je geantwoord."


def test_a_word_chosen_in_one_language_changes_no_other() -> None:
    dutch = {"word_mentor.nl": "buddy, buddy’s"}
    assert said(_("Mentors"), spoken("en", dutch)) == "Mentors"
    assert said(_("Mentors"), Context(language="nl", chosen=dutch).language) == "Buddy’s"


@pytest.mark.parametrize("word", sorted(WORDS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_keeps_erbijs_word_beside_the_communitys(word: str, language: str) -> None:
    if language not in WORDS[word]:
        return
    erbij = WORDS[word][language]
    tongue = spoken(language, {key_of(word, language): "Zzz" if erbij.end else "zzz, zzzs"})
    # A word within another one, or a name in braces, is none.
    left = re.compile(rf"(?<![\w{{-])(?:{re.escape(erbij.one)}|{re.escape(erbij.many)})(?![\w}}])", re.IGNORECASE)
    found = 0
    for message in catalogue("nl" if language == "en" else language):
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = (
            sources
            if language == "en"
            else (message.string if isinstance(message.string, tuple) else (message.string,))
        )
        for one in texts:
            spoken_text = put_in(one, tongue)
            found += spoken_text != one
            assert not left.search(spoken_text), one
    assert found, "there are sentences with it"


def test_words_do_not_replace_each_other() -> None:
    english = {"word_mentor.en": "peer teacher, peer teachers", "word_teacher.en": "lecturer, lecturers"}
    assert put_in("Did you ask your teacher or a mentor?", spoken("en", english)) == (
        "Did you ask your lecturer or a peer teacher?"
    )
    dutch = {"word_mentor.nl": "docent, docenten", "word_teacher.nl": "lector, lectoren"}
    assert put_in("De mentoren lezen het, de docent niet.", spoken("nl", dutch)) == (
        "De docenten lezen het, de lector niet."
    )
    dutch = {
        "word_mentor.nl": "vertrouwenspersoon, vertrouwenspersonen",
        "word_adviser.nl": "ombudsman, ombudsmannen",
    }
    assert put_in("Alleen mentoren lezen dit, een vertrouwenspersoon niet.", spoken("nl", dutch)) == (
        "Alleen vertrouwenspersonen lezen dit, een ombudsman niet."
    )


def test_what_people_wrote_is_never_touched() -> None:
    story = "My mentor said: {mentors}"
    assert said(Msg("{x}", {"x": story}), spoken("en", BUDDY)) == story
    named = said(
        _("{name} is not a mentor in {community} any more.", name="Mentor", community="Mentors"), spoken("en", BUDDY)
    )
    assert named == "Mentor is not an ombuds in Mentors any more."


@given(st.text(max_size=80))
def test_whatever_is_given_breaks_no_sentence(given: str) -> None:
    for language in LANGUAGES:
        tongue = spoken(language, {key_of("mentor", language): given})
        shown = said(_("{name} is not a mentor in {community} any more.", name="N", community="C"), tongue)
        assert "N" in shown
        assert not set("@<>*_`{}[]|\n") & set(shown)


@pytest.mark.parametrize(
    "given",
    [
        "@everyone, @everyone",
        "<@1>, <@2>",
        "{name}, {name}",
        "a" * 31 + ", b",
        "buddy",
        ",",
        "buddy,",
        "a*b*, c",
        "12, 13",
    ],
)
def test_what_does_not_fit_leaves_erbijs_word(given: str) -> None:
    assert forms("mentor", "en", given) is None
    assert said(_("Mentors"), spoken("en", {"word_mentor.en": given})) == "Mentors"


def test_setup_keeps_it_and_the_other_community_speaks_as_before(database: Database) -> None:
    town = Town(database)
    asked = town.give("alex on discord", Pressed("s.setup_settings.word_mentor"))
    assert {one.name for one in form(asked).fields} == {"nl", "en", "de"}
    sure = town.fill("alex on discord", asked, {"nl": None, "en": "@everyone", "de": None})
    assert "I cannot use" in text(sure)
    town.fill("alex on discord", sure, {"nl": None, "en": "buddy, buddies", "de": None})
    assert town.database.run_now(lambda s: settings.chosen(s, town.one)) == {"word_mentor.en": "buddy, buddies"}
    assert "stories to the buddies" in text(town.ask("sam on discord", "help"))
    assert "stories to the mentors" in text(town.ask("sam on discord", "help", slug="two"))
    story = town.ask("sam on discord", "tell")
    assert "buddies of One read your story" in text(story), "a form that is drawn once for all is not"
    assert "mentors of Two read your story" in text(town.ask("sam on discord", "tell", slug="two"))
    assert "Give it to the buddies" in str(town.fill("sam on discord", story, {"issue": "x"} | dict.fromkeys(SIX[1:])))
    assert "six words" in text(town.give("sam on discord", Said("give it to the buddies"))), "typed, too"
