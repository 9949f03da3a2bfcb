"""Whom one can turn to: the lines, the words at which they come, and that nothing of it is kept or counted."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from flows.catalogue import catalogue
from flows.danger import lines, signs
from flows.engine import panel
from flows.engine.chat import Context
from flows.engine.take import take
from flows.seam import Buttons, Card, Command, Filled, Incoming, Person, Pressed, Reply, Said, Space
from flows.setup.about import ZONES
from flows.words import LANGUAGES, said
from storage import case_release, case_telling, settings
from storage.database import Database, NotSaved
from storage.days import DAY
from storage.statement import Session
from storage.tables import metadata
from tests.door import NOW, form, text
from tests.engine.desk import Desk, answers
from tests.engine.test_without_account import buttons
from tests.raw import rows

SIGNS = (
    "ik wil dood",
    "Ik wil écht dood!!",
    "soms wil ik er niet meer zijn... en ik wil niet meer leven",
    "dat ik niet meer wil leven",
    "Ik denk aan zelfmoord",
    "Ik wil doodgaan",
    "ik wil dood gaan",
    "I WANT TO DIE",
    "i don't want to live anymore",
    "I don’t want to live anymore",
    "sometimes I just want to die",
    "gonna kill myself",
    "Ich will nicht mehr leben",
    "ich möchte am liebsten sterben",
    "Ich bringe mich um.",
)
OTHERS = dict.fromkeys(("involved", "teacher", "student", "others", "belonging"))
"""The other five questions, left empty."""
NO_SIGNS = (
    "de deadline wil dood",
    "elke dag 5 kms",
    "doodmoe",
    "ik ben doodmoe en doodop",
    "dead tired",
    "this deadline kills me",
    "sterven van het lachen",
    "ik wil sterven van het lachen",
    "I want to die laughing",
    "zum Totlachen",
    "ich bin todmüde",
    "mijn telefoon is dood",
    "Suicide Squad was on TV",
    "",
    "👍",
)


@pytest.mark.parametrize("written", SIGNS)
def test_words_that_sound_like_danger(written: str) -> None:
    assert signs.heard(Said(written))
    assert signs.heard(Filled("c.x.1", {"issue": f"First this.\n{written}\nThen that.", "involved": None}))
    assert signs.heard(Pressed("c.x.1", {"issue": written}))


@pytest.mark.parametrize("written", NO_SIGNS)
def test_ways_of_speaking_that_do_not(written: str) -> None:
    assert not signs.heard(Said(written))


def test_signs_are_written_as_they_are_compared() -> None:
    assert [sign for sign in signs.SIGNS if signs.plain(sign) != sign] == []


@pytest.fixture
def here(database: Database) -> Desk:
    return Desk(database)


def panel_of(reply: Reply) -> Card:
    [found] = [part for part in reply.parts if isinstance(part, Card) and "112" in str(part)]
    return found


def test_it_comes_first_and_the_answer_is_kept(here: Desk) -> None:
    asked = form(here.give(Command("tell")))
    reply = here.give(Filled(asked.id, {"issue": "Ik wil dood.", "involved": "a teacher"}))
    assert panel_of(reply) is reply.parts[1]
    assert not panel_of(reply).aside
    assert "Ik wil dood." in str(here.give(Filled(form(reply).id, OTHERS)).parts)


def test_it_comes_instead_of_not_understanding(here: Desk) -> None:
    reply = here.give(Said("ik wil dood"))
    assert "understand" not in text(reply)
    assert panel_of(reply)


def test_six_words_that_are_none_get_it_after_the_slow_work(here: Desk) -> None:
    asked = form(here.give(Command("answer")))
    typed = "i want to die bado kemi"
    assert panel_of(here.give(Filled(asked.id, {"words": typed})))


def test_someone_of_no_community_gets_the_lines_of_their_language(here: Desk) -> None:
    for locale, number in (("nl", "0800-0113"), ("nl-BE", "1813"), ("de-AT", "142"), ("de", "0800 111 0 111")):
        assert number in str(here.give(Said("ik wil dood"), space="nowhere", locale=locale).parts)


async def test_also_where_nothing_can_be_saved(here: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_args: object, **_named: object) -> None:
        raise NotSaved

    monkeypatch.setattr(here.database, "run", fails)
    runtime = Runtime(here.database, catalogue(), Clock(), Metrics())
    event = Incoming("e", Space("web", "one"), Person("sam"), Said("ik wil dood"), locale="nl-NL")
    assert "0800-0113" in str((await runtime.receive(event)).parts)
    await runtime.stop()


def test_nothing_of_it_is_stored_or_counted(here: Desk) -> None:
    def everything() -> str:
        tables = ("conversation", "member", "account", "outbox", "due", "audit", "eventseen")
        return here.database.run_now(lambda s: str([rows(s, name) for name in tables]))

    def kind(written: str, event: str) -> str:
        incoming = Incoming(event, Space("web", "one"), Person("sam", "Sam"), Said(written))
        return here.database.run_now(lambda s: take(s, catalogue(), incoming, NOW)).kind

    here.give(Said("hello there, friend"))
    before = everything()
    assert kind("ik wil dood", "one") == kind("ik wil brood", "two") == "not_understood"
    assert len(everything()) == pytest.approx(len(before), abs=300), "two events that were seen, and nothing else"
    assert "dood" not in everything()


def test_a_heavy_story_leaves_the_same_rows_as_any_other(here: Desk) -> None:
    """Whoever reads the whole database before and after cannot tell which of two stories had such words."""

    def everything() -> Counter[tuple[object, ...]]:
        def read(session: Session) -> Counter[tuple[object, ...]]:
            return Counter((name, *map(size, row.values())) for name in metadata.tables for row in rows(session, name))

        return here.database.run_now(read)

    def size(value: object) -> object:
        return len(value) if isinstance(value, str | bytes | memoryview) else value

    def left_by(story: str, who: str) -> list[Counter[tuple[object, ...]]]:
        seen = [everything()]
        reply = here.give(Filled(form(here.give(Command("tell"), who=who)).id, {"issue": story, **OTHERS}), who=who)
        seen.append(everything())
        here.give(Pressed(buttons(reply)["Give it to the mentors"]), who=who)
        seen.append(everything())
        here.give(Said(story), who=who)
        seen.append(everything())
        return [after - before for before, after in pairwise(seen)]

    left_by("I ate alone.", "kim")
    heavy = left_by("Ik wil dood.", "sam")
    assert all(heavy) and any(row[0] == "caseletter" for row in heavy[1])  # noqa: PT018
    assert heavy == left_by("I ate alone.", "liv")


def help_is(session: Session, community: str, country: str, contact: str) -> None:
    settings.choose(session, community, "help.country", country)
    settings.choose(session, community, "help.contact", contact)


def test_the_communitys_country_and_its_own_contact(here: Desk) -> None:
    here.database.run_now(lambda s: help_is(s, here.one, "NL", "Marit, 020 123 45 67"))
    shown = panel_of(here.give(Said("ik wil dood")))
    assert ("In your community", "Marit, 020 123 45 67") in shown.rows
    assert "113.nl" in str(shown)
    assert "1813" not in str(shown)
    aside = panel_of(here.give(Said("what about lunch")))
    assert aside.aside
    assert "Marit" in str(aside)


def test_where_it_stands(here: Desk) -> None:
    asked = here.give(Command("tell"))
    assert panel_of(asked).aside
    assert not panel_of(here.give(Command("help"))).aside
    this = here.round(here.one)
    shown = here.give(Filled(form(here.give(Pressed(f"s.check_in.{this}"))).id, low(here, this)))
    sent = here.give(Pressed(next(b.id for p in shown.parts if isinstance(p, Buttons) for b in p.buttons)))
    assert panel_of(sent).aside
    assert "not your fault" in text(sent)
    assert "One thing that can help" not in text(sent)


def low(here: Desk, this: str) -> dict[str, int | None]:
    return answers(form(here.give(Pressed(f"s.check_in.{this}")))) | {"included": 2}


@pytest.mark.parametrize("zone", ZONES)
def test_each_time_zone_has_a_country_and_each_country_fits(zone: str) -> None:
    country = lines.country_of(zone)
    assert country in lines.COUNTRIES
    for language in LANGUAGES:
        shown = panel.whole(Context(time_zone=zone, language=language))
        assert shown.rows
        for one in (shown, panel.beside(Context(time_zone=zone, language=language))):
            assert "{" not in "".join(said(part, language) for row in (*one.rows, (one.title, "")) for part in row)


def test_abroad_no_number_is_claimed() -> None:
    assert "112" not in said(panel.beside(Context(time_zone="America/Paramaribo")).title, "en")


def test_every_line_says_where_and_what_for() -> None:
    assert set(lines.LINES) == set(lines.COUNTRIES) - {"elsewhere"}
    for line in (one for each in lines.LINES.values() for one in each):
        assert line.name
        assert line.numbers
    assert date(2026, 9, 1) <= lines.CHECKED


@pytest.mark.parametrize(
    ("story", "more", "heavy"), [("ik wil dood", "", True), ("lunch", "", False), ("lunch", "ik wil dood", True)]
)
def test_a_mentor_who_opens_a_heavy_story_is_not_left_alone_with_it(
    here: Desk, story: str, more: str, *, heavy: bool
) -> None:
    def told(session: Session) -> str:
        case = case_telling.tell(session, here.one, "ab" * 32, {"issue": story, "involved": None}, NOW // DAY)
        if more:
            case_telling.write_on(session, here.one, case, more, NOW // DAY)
        case_release.release(session, here.one)
        return case

    case = here.database.run_now(told)
    shown = here.give(Pressed(f"s.case.{case}"), who="robin")
    assert ("words that sound like danger" in text(shown)) == heavy
    assert any(isinstance(part, Card) and "112" in str(part) for part in shown.parts) == heavy


def test_what_staff_writes_about_others_is_not_taken_for_their_own(here: Desk) -> None:
    def told(session: Session) -> str:
        case = case_telling.tell(session, here.one, "ab" * 32, {"issue": "lunch"}, NOW // DAY)
        case_release.release(session, here.one)
        return case

    case = here.database.run_now(told)
    here.give(Pressed(f"s.claim_case.{case}"), who="robin")
    asked = form(here.give(Pressed(f"s.answer_case.{case}"), who="robin"))
    answer = here.give(Filled(asked.id, {"text": "If you think of suicide, call 113."}), who="robin")
    assert "Your answer is there" in text(answer)
    assert "That sounds heavy" not in text(answer)
    assert "That sounds heavy" in text(here.give(Said("ik wil dood"), who="robin")), "a mentor is somebody too"


@pytest.mark.parametrize("letter", ["\ufdfa", "a", "\u0301", "\u3164", " "])
def test_of_a_text_of_any_size_only_so_much_is_looked_at(
    here: Desk, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    """Half a megabyte of one sign, which stands for eighteen letters, held the database up for seconds."""
    looked: list[int] = []
    real = signs.plain
    monkeypatch.setattr(signs, "plain", lambda text: (looked.append(len(text)), real(text))[1])
    huge = letter * 160_000
    assert not signs.heard(Filled("c.x.1", {f"field{number}": huge for number in range(9)}))
    assert looked == [signs.EACH] * (signs.ALL // signs.EACH)
    assert len(real(huge)) <= 2 * len(huge)
    asked = form(here.give(Command("tell")))
    again = form(here.give(Filled(asked.id, {"issue": "a" * 21_000, "involved": huge})))
    assert "Its first 20000 are still here" in again.fields[0].error
    assert again.fields[0].draft == "a" * 20_001
