"""How somebody stands is asked before a private act that hangs on it; what is stored opens nothing by itself."""

from __future__ import annotations

import pytest

from flows.catalogue import catalogue
from flows.engine.sentences import OVER, UNANSWERED, greeting, no_member, not_for_you
from flows.engine.timers import found_community
from flows.engine.turn import Outcome
from flows.faults import Gone, Outage, SendError, TooFast
from flows.seam import (
    Act,
    Arrived,
    Buttons,
    Card,
    Command,
    Filled,
    Form,
    Incoming,
    Left,
    Person,
    Pressed,
    Reply,
    Said,
    Space,
    Standing,
)
from flows.words import LANGUAGES, said
from storage import accounts, case_release, case_telling, cases, communities, places, role_grants, staff_cases
from storage.database import Database
from storage.statement import Session
from storage.tables import metadata
from tests.door import NOW, Door, form, text

SERVER = Space("discord", "1001")
ELSEWHERE = Space("discord", "")
TENANT = Space("teams", "t1")
TEAM = Space("teams", "t1:team", within="t1")
HERE, GONE = Standing(True), Standing(False)
SECRET = "Nobody asked me."
NO_ANSWERS = (Outage("down"), TooFast(5), Gone("not in the roster"))


class Chats(Door):
    """Private chats and channels of one community on two platforms, which say of people what ``stands`` says."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        database.run_now(self._found)

    def _found(self, session: Session) -> None:
        here = found_community(session, catalogue(), "first", "Year 1", "en", "Europe/Brussels", NOW)
        self.community = here
        for space in (SERVER, TEAM):
            communities.add_space(session, here, space.platform, space.id, space.within)
            role_grants.grant(session, here, role_grants.Grant("mentor", space.platform, "person", "robin", "Robin"))
            places.choose(session, here, places.PlaceSet("mentors", space.platform, space.id, "m", "mentors"))
        self.case = case_telling.tell(session, here, "0" * 64, {"issue": SECRET}, NOW // 86_400_000)
        case_release.release(session, here)

    def role(self, role: str, external: str = "r1") -> None:
        self.database.run_now(
            lambda s: role_grants.grant(s, self.community, role_grants.Grant(role, "discord", "role", external))
        )

    def give(
        self,
        act: Act,
        who: str = "robin",
        space: Space = SERVER,
        *,
        place: str = "",
        event: str = "",
        locale: str = "en",
    ) -> Outcome:
        """One act; in private, unless it happens in a place."""
        person = Person(who, who.title(), frozenset() if place else None)
        return self.take(self.event(space, person, act, event, place=place, locale=locale, address="a"))

    def first(self, act: Act, who: str = "robin", space: Space = SERVER, event: str = "once") -> Outcome:
        """The first taking only."""
        return self.once(self.event(space, Person(who, who.title(), None), act, event))

    def rows(self, *but: str) -> dict[str, list[str]]:
        """The whole database."""

        def read(session: Session) -> dict[str, list[str]]:
            names = [table.name for table in metadata.sorted_tables if table.name not in but]
            return {one: sorted(map(repr, session._execute(f"select * from {one}", ()).fetchall())) for one in names}

        return self.database.run_now(read)

    def member(self, who: str) -> str:
        """The id of the member to whom an account on Discord belongs."""
        return self.database.run_now(lambda s: accounts.member_of(s, self.community, f"discord:{who}"))

    def hold(self) -> None:
        """Robin takes care of the case, as somebody in the server."""
        self.give(Pressed(f"s.claim_case.{self.case}"), place="m")


@pytest.fixture
def chats(sqlite: Database) -> Chats:
    return Chats(sqlite)


@pytest.fixture
def both(database: Database) -> Chats:
    """On either database."""
    return Chats(database)


def opens(reply: Reply) -> bool:
    shown = [part for part in reply.parts if isinstance(part, Form) or (isinstance(part, Card) and not part.aside)]
    return SECRET in str(reply.parts) or bool(shown)


def words(reply: Reply) -> str:
    return text(reply)


# ---------------------------------------------------------------- asked, and then taken


def test_what_must_be_asked_first_writes_nothing(both: Chats) -> None:
    both.hold()
    before = both.rows()
    for act in (Pressed(f"s.case.{both.case}"), Command("cases"), Said("cases"), Arrived()):
        turn = both.first(act)
        assert (turn.asks, turn.reply.parts) == (SERVER, ())
    turn = both.first(Command("help"), "stranger", TENANT)
    assert turn.asks == TEAM
    assert both.rows() == before


def test_a_mentor_who_is_there_reads_the_case(chats: Chats) -> None:
    assert opens(chats.give(Pressed(f"s.case.{chats.case}")).reply)
    assert chats.asked == [(SERVER, "robin")]


def test_in_a_channel_nobody_is_asked(chats: Chats) -> None:
    chats.role("lead")
    for who in ("robin", "sam"):
        chats.give(Command("help"), who, place="m")
    assert chats.asked == []


def test_roles_of_the_platform_come_with_the_answer(chats: Chats) -> None:
    chats.role("mentor")
    assert not opens(chats.give(Command("cases"), "kim").reply)
    chats.stands["kim"] = Standing(True, frozenset({"r1"}))
    assert opens(chats.give(Command("cases"), "kim").reply)


# ---------------------------------------------------------------- who has left


@pytest.mark.parametrize("space", [SERVER, ELSEWHERE, TEAM, TENANT], ids=["server", "unknown", "team", "tenant"])
def test_a_mentor_who_left_opens_nothing_of_staff(both: Chats, space: Space) -> None:
    both.give(Pressed(f"s.claim_case.{both.case}"), space=SERVER if space.platform == "discord" else TEAM, place="m")
    opened = form(both.give(Pressed(f"s.answer_case.{both.case}"), space=space).reply)
    asked = both.give(Pressed(f"s.close_case.{both.case}"), space=space).reply
    [yes] = [b.id for part in asked.parts if isinstance(part, Buttons) for b in part.buttons if b.label == "Yes"]
    both.stands["robin"] = GONE
    before = both.rows("eventseen", "roster")
    acts: list[Act] = [Pressed(f"s.{name}.{both.case}") for name in ("case", "claim_case", "answer_case", "note_case")]
    acts += [Command("cases"), Said("cases"), Pressed(yes), Filled(opened.id, {"text": "Bye."}), Pressed("s.cases.")]
    for act in acts:
        turn = both.give(act, space=space)
        assert words(turn.reply) == said(no_member("Year 1"), "en"), act
        assert not opens(turn.reply), act
    assert words(both.give(Arrived(), space=space).reply) == said(no_member("Year 1"), "en")
    assert both.rows("eventseen", "roster") == before


def test_who_left_can_still_do_what_anybody_can(chats: Chats) -> None:
    chats.give(Command("help"), "sam", place="m")
    chats.role("lead")  # so that students are asked for too
    chats.stands["sam"] = GONE
    helped = str(chats.give(Command("help"), "sam").reply.parts)
    assert "s.follow_up." in helped
    assert "s.cases." not in helped
    assert words(chats.give(Pressed("s.check_in.x"), "sam").reply) == said(no_member("Year 1"), "en")
    assert opens(chats.give(Command("answer"), "sam").reply)


def test_that_somebody_of_the_staff_left_lets_the_staff_be_asked_for(chats: Chats) -> None:
    chats.give(Command("help"), "sam", place="m")
    chats.hold()
    assert not chats.give(Command("cases")).roster
    assert chats.rows()["roster"] == []
    chats.stands |= {"robin": GONE, "sam": GONE, "eve": GONE}
    assert not chats.give(Command("help"), "eve").roster, "a stranger is nobody's business"
    assert chats.rows()["roster"] == []
    assert chats.give(Command("cases")).roster
    assert len(chats.rows()["roster"]) == 1


def test_somebody_left_the_space_whoever_it_was(chats: Chats) -> None:
    incoming = Incoming("left", TEAM, None, Left(), "m")
    turn = chats.once(incoming, {})
    assert (turn.kind, turn.roster, turn.reply.parts) == ("left", True, ())
    assert len(chats.rows()["roster"]) == 1
    assert not chats.once(Incoming("left", Space("teams", "t1:other"), None, Left()), {}).roster


# ---------------------------------------------------------------- who is new


def test_a_stranger_does_not_become_a_member(chats: Chats) -> None:
    chats.stands["eve"] = GONE
    before = chats.rows("eventseen")
    for act in (Arrived(), Command("tell"), Command("help"), Said("hello"), Pressed("s.belonging_case.")):
        for space in (TENANT, TEAM, SERVER):
            assert words(chats.give(act, "eve", space).reply) == said(no_member("Year 1"), "en")
    assert chats.rows("eventseen") == before


def test_who_is_there_becomes_a_member_by_writing_privately(chats: Chats) -> None:
    assert words(chats.give(Arrived(), "sam", TENANT).reply) == said(greeting("Year 1"), "en")
    assert len(chats.rows()["member"]) == 1
    assert chats.asked == [(TEAM, "sam")]


def test_a_known_student_is_not_asked_for_again(chats: Chats) -> None:
    chats.give(Command("help"), "sam")
    for act in (Command("help"), Command("tell"), Said("hello"), Arrived(), Pressed("s.check_in.x")):
        chats.give(act, "sam")
    assert chats.asked == [(SERVER, "sam")]


def test_where_rights_hang_on_a_role_everybody_is_asked_for(chats: Chats) -> None:
    chats.role("mentor")
    for _ in range(2):
        chats.give(Command("help"), "sam")
    assert chats.asked == [(SERVER, "sam")] * 2


# ---------------------------------------------------------------- no answer


@pytest.mark.parametrize("answer", NO_ANSWERS, ids=lambda one: type(one).__name__)
def test_no_answer_is_no_right_and_changes_nothing(both: Chats, answer: SendError) -> None:
    both.hold()
    opened = form(both.give(Pressed(f"s.answer_case.{both.case}")).reply)
    both.stands |= {"robin": answer, "eve": answer}
    before = both.rows()
    for act in (Pressed(f"s.case.{both.case}"), Command("cases"), Filled(opened.id, {"text": "Hello."}), Arrived()):
        for who in ("robin", "eve"):
            turn = both.give(act, who)
            assert words(turn.reply) == said(UNANSWERED, "en")
            assert not turn.reply.saved, "the old buttons stay, and the same event can come again"
    assert both.rows() == before
    del both.stands["robin"]
    both.give(Filled(opened.id, {"text": "Hello."}))
    view = both.database.run_now(lambda s: cases.read(s, both.community, both.case))
    assert view is not None
    assert [one.text for one in view.messages] == ["Hello."]


def test_without_an_answer_a_known_student_can_do_what_students_can(chats: Chats) -> None:
    chats.role("mentor")
    chats.role("student", "first-years")
    chats.stands["sam"] = Standing(True, frozenset({"first-years"}))
    chats.give(Command("help"), "sam")
    chats.stands["sam"] = Outage("down")
    reply = chats.give(Pressed("s.check_in.x"), "sam").reply
    not_theirs = said(not_for_you([catalogue().roles["mentor"].many]), "en")
    assert words(reply) not in (not_theirs, said(UNANSWERED, "en")), "only this round is none"
    assert words(chats.give(Command("cases"), "sam").reply) == said(
        not_for_you([catalogue().roles["mentor"].many]), "en"
    )
    assert opens(chats.give(Command("tell"), "sam").reply)


def test_an_event_that_was_taken_stays_taken(both: Chats) -> None:
    both.give(Pressed(f"s.claim_case.{both.case}"), event="claim")
    robin = both.member("robin")
    both.database.run_now(lambda s: staff_cases.give_back(s, both.community, robin, NOW))
    both.first(Pressed(f"s.claim_case.{both.case}"), event="claim")
    both.give(Pressed(f"s.claim_case.{both.case}"), event="claim")
    assert both.database.run_now(lambda s: cases.holder(s, both.community, both.case)) == ""


def test_an_answer_counts_for_the_space_that_was_asked(chats: Chats) -> None:
    incoming = Incoming("other", SERVER, Person("robin", "Robin", None), Command("cases"))
    turn = chats.once(incoming, {TEAM: HERE})
    assert turn.asks == SERVER


# ---------------------------------------------------------------- setting up


def test_who_manages_the_server_sets_up_in_private(chats: Chats) -> None:
    other = Space("discord", "2002")
    chats.stands["max"] = Standing(True, manages=True)
    assert "new community" in str(chats.give(Command("setup"), "max", other).reply.parts)
    for stands in (HERE, GONE, Outage("down")):
        chats.stands["pat"] = stands
        assert "not set up here yet" in words(chats.give(Command("setup"), "pat", Space("discord", "3003")).reply)
    chats.stands["max"] = Outage("down")
    assert words(chats.give(Command("setup"), "max").reply) == said(UNANSWERED, "en"), "of a community that is there"


def test_a_community_without_a_name_opens_to_its_coordinator_only(chats: Chats) -> None:
    other = Space("discord", "2002")
    chats.stands["max"] = Standing(True, manages=True)
    chats.give(Command("setup"), "max", other)
    chats.stands["max"] = GONE
    assert "not set up here yet" in words(chats.give(Command("setup"), "max", other).reply)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_line_is_said_in_the_persons_language(chats: Chats, language: str) -> None:
    chats.stands["eve"] = GONE
    assert words(chats.give(Arrived(), "eve", locale=language).reply) == said(no_member("Year 1"), language)
    chats.stands["eve"] = Outage("down")
    assert words(chats.give(Arrived(), "eve", locale=language).reply) == said(UNANSWERED, language)
    assert said(no_member("x"), language) != said(no_member("x"), "fr") or language == "en"
    assert said(OVER, language)
