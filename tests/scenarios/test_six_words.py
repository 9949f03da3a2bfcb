"""The six words are written down nowhere: after each step of a student's way, everything stored is opened with the
master key in hand, and nothing beside them leads to what they told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from flows.cases import receipt
from flows.catalogue import catalogue
from flows.engine.timers import found_community
from flows.seam import (
    Act,
    Arrived,
    Buttons,
    Card,
    Command,
    Filled,
    Form,
    Person,
    Pressed,
    Reply,
    Space,
)
from storage import (
    case_release,
    case_telling,
    case_work,
    communities,
    conversations,
    letters,
    members,
    receipts,
    role_grants,
    settings,
)
from storage.database import Database
from storage.keys import KeyFault, Masters
from storage.statement import Session
from storage.tables import metadata
from tests.door import NOW, Door, button, labels, text
from tests.storage.conftest import opened as opened_again

HOUR = 3_600_000
CHAT, PAGE = Space("web", "first"), Space("page", "first")
STORY, MORE, ANSWER = "CANARY laughed at lunch", "CANARY and again today", "CANARY good that you tell this"
SIX = {"issue": STORY, **dict.fromkeys(("involved", "teacher", "student", "others", "belonging"))}
OF_CASES = {"belonging_case", "casemessage", "caseevent", "caseletter", "letterkey", "returnpath"}
_events = count()
PURPOSES = ("journal", "outbox", "codes", "letter", "letters", "ballot", "remark")


class Student(Door):
    """Someone at the product's own door, with a look at the database after each transaction of theirs."""

    def __init__(self, database: Database, who: str = "sam") -> None:
        super().__init__(database)
        self.who = who
        self.words = self.case = self.tag = self.locale = ""
        self.looks = 0
        self.of_me: list[list[str]] = []
        """What was stored beside this person at each look, opened."""

    def act(self, act: Act, *, dies: bool = False) -> Reply:
        """``dies``: the process does, before the slow work of this turn is done."""
        person = Person(self.who, self.who.title()) if self.who else None
        self.last = self.event(CHAT if person else PAGE, person, act, locale=self.locale)
        turn = self.once(self.last)
        self.look()
        while turn.work is not None and not dies:
            turn = self.finish(turn)
            self.look()
        return turn.reply

    def again(self) -> Reply:
        """The platform's last event once more: the answer was lost on its way."""
        return self.once(self.last).reply

    def opened(self, argument: str) -> str:
        """What opens of the words in a conversation with every key that there is now."""

        def look(session: Session) -> str:
            [(here, member)] = session._execute("select community_id, member_id from conversation", ()).fetchall()
            return receipts.shown(session, here, member, argument.partition("|")[0])

        return self.database.run_now(look)

    def press(self, reply: Reply, label: str) -> Reply:
        return self.act(Pressed(button(reply, label)))

    def fill(self, reply: Reply, *, dies: bool = False, **values: Any) -> Reply:
        [form] = [part for part in reply.parts if isinstance(part, Form)]
        return self.act(Filled(form.id, values), dies=dies)

    def tell(self) -> Reply:
        """A case, to its receipt."""
        asked = self.fill(self.act(Command("tell")), **SIX)
        [send, *_others] = [one for part in asked.parts if isinstance(part, Buttons) for one in part.buttons]
        shown = self.act(Pressed(send.id))
        [card] = [part for part in shown.parts if isinstance(part, Card) and part.exact]
        self.words = card.rows[0][1]
        self.tag = receipt.tag(self.words, self.database.run_now(receipt.salt))
        view = self.database.run_now(lambda s: case_telling.by_receipt(s, community(s), self.tag))
        assert view is not None
        self.case = view.id
        return shown

    def read(self) -> Reply:
        return self.fill(self.act(Command("answer")), words=self.words)

    def look(self) -> None:
        """Open all that is stored beside this person, or beside nobody."""
        self.looks += 1
        self.of_me.append(self.database.run_now(lambda s: opened(s, self.who)))

    def found(self, *needles: str) -> set[str]:
        """Those of the needles that stood beside this person in any look since the last time."""
        looks, self.of_me = self.of_me, []
        assert looks
        return {one for one in needles for texts in looks for text in texts if one in text}

    @property
    def needles(self) -> tuple[str, ...]:
        return (self.words, " ".join(self.words.split()[2:4]), self.tag, self.case, STORY, MORE, ANSWER, "CANARY")


def community(session: Session) -> str:
    return communities.every(session)[0].id


def opened(session: Session, who: str) -> list[str]:
    """Every value of every row that names a person, and of every conversation, by every key there is."""
    members_of = [
        row[0]
        for row in session._execute("select member_id from account where external_id = " + quoted(who), ()).fetchall()
    ]
    names = {who, *members_of} - {""}
    texts: list[str] = []
    for table in set(metadata.tables) - OF_CASES:
        for row in session._execute(f"select * from {table}", ()).fetchall():
            values = [bytes(value) if isinstance(value, bytes | memoryview) else value for value in row]
            if table == "conversation" or names & {str(value) for value in values}:
                texts += (repr(value) for value in values)
                texts += openings(session, values)
    return texts


def openings(session: Session, values: Iterable[Any]) -> list[str]:
    """What opens of a row."""
    plain: list[str] = []
    idents = [value for value in values if isinstance(value, str)]
    for sealed in (value for value in values if isinstance(value, bytes)):
        for ident in idents:
            for purpose in PURPOSES:
                for open_it in (session.keys.open_passing, session.keys.open):
                    with suppress(KeyFault):
                        plain.append(open_it(purpose, ident, sealed).decode())
    return plain


def quoted(text: str) -> str:
    return f"'{text}'"


@pytest.fixture
def first(database: Database) -> str:
    def found(session: Session) -> str:
        here = found_community(session, catalogue(), "first", "Year 1", "en", "Europe/Amsterdam", NOW)
        for space in (CHAT, PAGE):
            communities.add_space(session, here, space.platform, space.id)
        role_grants.grant(session, here, role_grants.Grant("mentor", "web", "person", "robin"))
        return here

    return database.run_now(found)


@pytest.fixture(params=["sam", ""], ids=["chat", "page"])
def student(database: Database, first: str, request: pytest.FixtureRequest) -> Student:
    assert first
    return Student(database, request.param)


def release_and_answer(student: Student) -> None:
    def go(s: Session) -> None:
        here = community(s)
        case_release.release(s, here)
        mentor = members.add_member(s, here, "web", "first", f"robin{next(_events)}", "", "Robin")
        case_work.claim(s, here, student.case, mentor, NOW)
        case_work.answer(s, here, student.case, mentor, ANSWER, NOW)

    student.database.run_now(go)


def test_beside_the_student_the_six_words_stand_under_a_key_of_an_hour_only(student: Student) -> None:
    shown = student.tell()
    needles = student.needles[:4]  # what was told stands in the journal until it is sent, as every answer does
    before = student.of_me[-1]
    assert student.found(*needles) == set(), "no key but that of the hour opens them"
    [hidden] = {json.loads(text)["@argument"] for text in before if '"@argument"' in text and "keep_receipt" in text}
    assert student.words in student.opened(hidden)
    assert not {student.tag, student.case, STORY} & {one for one in student.needles for text in before if one in text}
    asked = student.press(shown, "Yes, I have kept them")
    assert student.found(*student.needles) == set()
    if student.who:
        student.press(asked, "Also a message here")
        assert student.found(*student.needles) == set()
    assert student.database.run_now(conversations.count) == 0


def test_for_an_hour_a_lost_reply_is_shown_again_also_elsewhere(
    database: Database, first: str, elsewhere: Database
) -> None:
    student = Student(database)
    assert first
    student.tell()
    student.now += HOUR - receipts.SLOT
    student.database.run_now(lambda s: receipts.turn(s, student.now))
    student.database = elsewhere
    assert student.words in str(student.again())
    assert student.words in str(student.act(Arrived()))


def test_after_an_hour_nobody_opens_the_six_words(student: Student) -> None:
    shown = student.tell()
    [hidden] = {
        json.loads(text)["@argument"] for text in student.of_me[-1] if '"@argument"' in text and "keep_receipt" in text
    }
    student.now += HOUR
    student.database.run_now(lambda s: receipts.turn(s, student.now))
    assert student.opened(hidden) == ""
    told = str(student.press(shown, "Yes, I have kept them"))
    assert student.words not in told
    assert "erased here" in told
    assert student.database.run_now(conversations.count) == 0


def test_while_the_receipt_is_made_it_is_not_beside_what_was_told(student: Student) -> None:
    asked = student.fill(student.act(Command("tell")), **SIX)
    student.of_me.clear()
    student.act(Pressed(button(asked, "Give it to the mentors")), dies=True)
    [journal] = [text for text in student.of_me[-1] if STORY in text and text.startswith("{")]
    assert not {"receipt", "tag", "save"} & set(json.loads(journal))


def test_of_following_up_nothing_is_kept_beside_a_student_at_any_step(student: Student) -> None:
    kept = student.press(student.tell(), "Yes, I have kept them")
    if student.who:
        student.press(kept, "Only my six words")
    release_and_answer(student)
    student.found("x")
    shown = student.read()
    assert ANSWER in str(shown.parts)
    assert student.database.run_now(conversations.count) == 0, "it ends once it is shown"
    wrong = student.fill(student.act(Command("answer")), words=" ".join(["xxxxxxx", *student.words.split()[1:]]))
    assert student.words[-9:] in text(wrong)
    assert labels(wrong) == ["Try again"]
    lost = student.fill(student.act(Command("answer")), words=student.words, dies=True)
    assert lost.parts == ()
    assert student.found(*student.needles) == set()

    for way, values in (("Write more", {"text": "MORE"}), ("Take back and erase", None)):
        asked = student.press(shown, way)
        done = student.press(asked, "No") if values is None else student.fill(asked, **values)
        assert text(done)
    if student.who:
        student.press(student.press(shown, "Messages about answers"), "Also a message here")
    student.press(student.press(shown, "Take back and erase"), "Yes")
    assert student.found(*student.needles, "MORE") == set()
    assert student.looks > 10


@pytest.fixture
def elsewhere(url: str, masters: Masters) -> Iterator[Database]:
    """Another process, or the same after a restart: its memory holds nothing."""
    with opened_again(url, masters) as other:
        yield other


@pytest.mark.parametrize("late", [True, False], ids=["after an hour", "in another process"])
def test_the_words_are_asked_again_and_what_was_written_is_not_lost(
    student: Student, elsewhere: Database, late: bool
) -> None:
    student.press(student.tell(), "Yes, I have kept them")
    shown = student.read()
    if late:
        student.now += HOUR + 2000
    else:
        student.database = elsewhere
    student.of_me.clear()
    asked = student.fill(student.press(shown, "Write more"), text=MORE)
    assert "six words again" in text(asked)
    assert student.found(*student.needles) == {MORE, "CANARY"}, "what is not on its way yet, as every answer"
    wrong = student.fill(asked, words="bado kemi lina tiva sore mapi")
    assert "finds nothing with the words “bado kemi" in text(wrong)
    assert student.found("bado kemi", *student.needles) == {MORE, "CANARY"}
    assert "Thank you" in text(student.fill(wrong, words=student.words.upper().replace(" ", "-")))
    assert student.found(*student.needles[:5]) == set()
    view = student.database.run_now(lambda s: case_telling.by_receipt(s, community(s), student.tag))
    assert view is not None
    assert [one.text for one in view.messages] == [MORE]
    again = student.press(student.press(shown, "Take back and erase"), "Yes")
    assert "six words again" in text(again)
    assert "It is erased" in text(student.fill(again, words=student.words))
    assert student.found(*student.needles[:5]) == set()


def test_the_button_of_another_person_opens_nothing(database: Database, first: str) -> None:
    assert first
    sam, noor, page = Student(database, "sam"), Student(database, "noor"), Student(database, "")
    sam.press(sam.tell(), "Yes, I have kept them")
    shown = sam.read()
    for thief in (noor, page):
        for way in ("Write more", "Take back and erase"):
            asked = thief.act(Pressed(button(shown, way)))
            done = thief.fill(asked, text="not mine") if way == "Write more" else thief.press(asked, "Yes")
            assert "six words again" in text(done)
        assert thief.found(*sam.needles) == set()
    assert "in the chat only" in text(page.act(Pressed(button(shown, "Messages about answers"))))
    assert database.run_now(lambda s: len(s._execute("select id from caseletter", ()).fetchall())) == 1


def test_a_button_made_by_hand_starts_nothing(student: Student) -> None:
    for argument in ("", "x", "A" * 63, "A" * 65, "bado-kemi-lina-tiva-sore-mapi"):
        for name in ("write_more", "take_back", "hear_back"):
            reply = student.act(Pressed(f"s.{name}.{argument}"))
            assert not [part for part in reply.parts if isinstance(part, Form | Buttons)]
    assert student.database.run_now(conversations.count) == 0


def test_in_a_community_with_the_doorbell_an_old_button_leads_to_the_page(database: Database, first: str) -> None:
    sam = Student(database)
    shown = sam.tell()
    read = sam.read()
    database.run_now(lambda s: settings.choose(s, first, "cases.where", "page"))
    for way in ("Write more", "Messages about answers", "Take back and erase"):
        reply = sam.press(read, way)
        assert "on Erbij’s page" in text(reply)
        assert not labels(reply)
    assert "on Erbij’s page" in text(sam.press(shown, "Yes, I have kept them"))


# ------------------------------------------------------------ when too much waits


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two letters in a community, one of them for someone without an account."""
    monkeypatch.setattr(letters, "OF_A_COMMUNITY", 2)


@pytest.mark.usefixtures("small")
def test_a_story_that_does_not_fit_waits_for_the_next_moment_and_loses_no_word(student: Student) -> None:
    for _n in range(2 if student.who else 1):
        Student(student.database, student.who and "noor").tell()
    asked = student.fill(student.act(Command("tell")), **SIX)
    for _try in range(3):
        asked = student.press(asked, "Give it to the mentors")
        assert "did not fit" in text(asked)
        assert STORY in str(asked.parts)
        assert ("leave this page open" in text(asked)) is not bool(student.who)
    student.database.run_now(lambda s: case_release.release(s, community(s)))
    assert "Your story is saved" in text(student.press(asked, "Give it to the mentors"))
    view = student.database.run_now(lambda s: case_release.release(s, community(s)))
    assert len(view) == 1


@pytest.mark.usefixtures("small")
def test_what_was_added_and_does_not_fit_comes_back_in_its_form(student: Student) -> None:
    student.press(student.tell(), "Yes, I have kept them")
    shown = student.read()
    if student.who:
        Student(student.database, "noor").tell()
    asked = student.press(shown, "Write more")
    for _try in range(2):
        asked = student.fill(asked, text=MORE)
        assert "did not fit" in text(asked)
        [form] = [part for part in asked.parts if isinstance(part, Form)]
        assert form.fields[0].draft == MORE
    if student.who:
        full = student.press(student.press(shown, "Messages about answers"), "Also a message here")
        assert "your choice did not fit" in text(full)
    back = student.press(student.press(shown, "Take back and erase"), "No")
    assert "Nothing is erased" in text(back)
    student.database.run_now(lambda s: case_release.release(s, community(s)))
    assert "Thank you" in text(student.fill(asked, text=MORE))


@pytest.mark.usefixtures("small")
def test_taking_back_always_fits(student: Student) -> None:
    student.press(student.tell(), "Yes, I have kept them")
    Student(student.database, "noor").tell()
    assert "It is erased" in text(student.press(student.press(student.read(), "Take back and erase"), "Yes"))
    assert len(student.database.run_now(lambda s: case_release.release(s, community(s)))) == 1


@pytest.mark.parametrize("language", ["nl", "de", "en"])
def test_words_are_of_the_students_language_and_are_found_with_errors_by_one_slow_hash(
    student: Student, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    student.locale = language
    student.tell()
    assert set(student.words.split()) <= set(receipt.words_in(language))

    hashed: list[str] = []
    slow = receipt.tag
    monkeypatch.setattr(receipt, "tag", lambda words, salt: hashed.append(words) or slow(words, salt))
    student.locale = "de" if language == "nl" else "nl"
    first, *others = student.words.split()
    for typed in (student.words, " ".join([first[1:], *others]), "".join([first.upper(), *others])):
        shown = student.fill(student.act(Command("answer")), words=typed)
        assert STORY in str(shown.parts)
    assert hashed == [student.words] * 3, "a look-up costs the same, right or with an error"
    wrong = student.fill(student.act(Command("answer")), words=" ".join(["xxxxxxx", *others]))
    assert STORY not in str(wrong.parts)
    assert len(hashed) == 3


def test_words_stay_what_was_hashed_when_the_language_changes_while_they_are_made(student: Student) -> None:
    asked = student.fill(student.act(Command("tell")), **SIX)
    send = Pressed(button(asked, "Give it to the mentors"))
    made: list[str] = []

    def changes(words: str, salt: str) -> str:
        made.append(words)
        if student.who:
            student.database.run_now(lambda s: s._execute("update member set language = 'de'", ()))
        return receipt.tag(words, salt)

    person = Person(student.who) if student.who else None
    turn = student.once(student.event(CHAT if person else PAGE, person, send))
    turn = student.finish(turn, changes)
    [words] = [part.rows[0][1] for part in turn.reply.parts if isinstance(part, Card) and part.exact]
    assert [words] == made


def test_a_receipt_of_syllables_still_opens_its_story(student: Student) -> None:
    student.tell()
    old = "bado kemi lina tiva sore mapi"
    salt = student.database.run_now(receipt.salt)
    tag = receipt.tag(old, salt)
    answers = {"issue": STORY}
    student.database.run_now(
        lambda s: case_telling.tell(s, community(s), tag, answers, NOW // 86_400_000, account=False)
    )
    for typed in (old, "BADO-KEMI-LINA-TIVA-SORE-MAPI", "badokemilinativasoremapi"):
        assert STORY in str(student.fill(student.act(Command("answer")), words=typed).parts)
