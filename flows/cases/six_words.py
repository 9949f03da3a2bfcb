"""The six words, and the case they lead to: typed for one turn only, and carried in a button for an hour after.

What a student types here is written down nowhere. A button under the case carries it on, sealed for this person under a
key that lives an hour in memory; after that, or in another process, the six words are asked again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from flows.cases import receipt
from flows.cases.moments import SET_MOMENTS
from flows.engine import Chat, Context, Form, line
from flows.words import Msg, _
from storage import case_telling
from storage.case_telling import FULL
from storage.cases import CaseView
from storage.statement import Session

UNKNOWN = "unknown"
"""What came of an act: the case it is about is not known, because a button is too old or words do not fit."""
NO_BUTTON = _("Please begin again with “{answer}” and your six words.", answer=_("answer"))
TOO_MUCH = _(
    "So much is waiting for the mentors right now that this did not fit. What you wrote is still "
    "here. Please send it again, after the next time it is {moments}.",
    moments=SET_MOMENTS,
)
Act = Callable[..., str]
"""``(session, community, case, now, *given)``: what came of it."""


class Receipt(Form):
    """The words that only the student has."""

    kept = False
    title = _("Your six words")
    submit = _("Show")
    words: str = line(
        _("Which six words did you get?"),
        most=200,
        exact=True,
        help=_("Capitals, spaces and one wrong letter in a word do not matter."),
    )


class ReceiptAgain(Receipt):
    """The same, in the middle of something."""

    submit = _("Go on")


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its student sees it, and the same to carry in a button."""

    view: CaseView
    carried: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an act on a case, and that case to carry in a button."""

    came: str
    carried: str = ""


def not_known(typed: str) -> Msg:
    """No case has these words, which are shown, so that one sees what to correct."""
    return _(
        "Erbij finds nothing with the words “{typed}”. Please look once more: are all six there, as you got them?",
        typed=typed,
    )


def looks_carried(argument: str) -> bool:
    """Whether this can be a case in a button."""
    return re.fullmatch(r"[A-Za-z0-9_-]{64}", argument) is not None


def carried_case(_session: Session, _context: Context, argument: str) -> Msg | None:
    """Any button under a case: what it carries is looked at when it is used, and may be too old by now."""
    return None if looks_carried(argument) else NO_BUTTON


async def tag_of(chat: Chat, form: type[Receipt], number: int = 0, draft: str = "") -> tuple[str, str]:
    """(the tag of a receipt, what was typed); the tag is empty where that cannot be a receipt."""
    asked = await chat.fill(f"receipt.{number}", form, {"words": draft} if draft else None)
    words = receipt.read(asked.words)
    if not words:
        return "", asked.words
    salt = await chat.do(f"salt.{number}", receipt.salt)
    return await chat.work(f"tag.{number}", receipt.tag, words, salt), asked.words


async def on_case(chat: Chat, number: int, carried: str, act: Act, *given: Any) -> Outcome:
    """Do something with the case that a button carries; where it does not any more, ask for the six words first.

    ``number`` keeps one try apart from the next in one flow.
    """
    me = (chat.community, chat.member)
    if looks_carried(carried):  # a conversation of the first version has the words there instead
        now = await chat.now(f"pressed_at.{number}")
        outcome = await chat.do(f"done.{number}", by_button, *me, carried, now, act, *given)
        if outcome.came != UNKNOWN:
            return outcome
    chat.say(
        _("To be sure that it is yours, please give your six words again. What you did here is stored until then.")
    )
    typed = ""
    for again in count():
        tag, typed = await tag_of(chat, ReceiptAgain, again, typed)
        now = await chat.now(f"typed_at.{again}")
        outcome = Outcome(UNKNOWN)
        if tag:
            outcome = await chat.do(f"done_with_words.{again}", by_words, *me, tag, now, act, *given)
        if outcome.came not in (UNKNOWN, FULL):
            return outcome
        chat.say(TOO_MUCH if outcome.came == FULL else not_known(typed))
    raise AssertionError("unreachable")


def find(session: Session, community: str, member: str, tag: str, now: int) -> Case | None:
    """The case of a receipt."""
    view = case_telling.by_receipt(session, community, tag)
    return None if view is None else Case(view, case_telling.carry(session, community, member, view.id, now))


def by_button(  # noqa: PLR0913
    session: Session, community: str, member: str, carried: str, now: int, act: Act, *given: Any
) -> Outcome:
    """Do it with the case that a button carries for this person."""
    case = case_telling.carried(session, community, member, carried, now)
    return Outcome(act(session, community, case, now, *given), carried) if case else Outcome(UNKNOWN)


def by_words(  # noqa: PLR0913
    session: Session, community: str, member: str, tag: str, now: int, act: Act, *given: Any
) -> Outcome:
    """Do it with the case of a receipt."""
    case = find(session, community, member, tag, now)
    return (
        Outcome(UNKNOWN) if case is None else Outcome(act(session, community, case.view.id, now, *given), case.carried)
    )
