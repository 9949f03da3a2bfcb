"""A turn under way: what a flow left behind is written, and what the person sees is drawn."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from flows import seam
from flows.engine import draw, guide, outgoing
from flows.engine.chat import Context, Piece, Start
from flows.engine.flow import COORDINATOR, EVERYONE, Catalogue, Flow, FlowFault, Job
from flows.engine.run import ASKED, BEGUN, Journal, Run
from flows.engine.sentences import NO_ROOM, OVER, OVER_ON_PAGE
from flows.engine.token import Answers, AnswersFirst, Token
from flows.words import Msg
from storage import conversations
from storage.days import DAY
from storage.ids import new_id
from storage.statement import Session

ON_A_PAGE = timedelta(days=1)
"""How long a conversation without an account waits from its first answer: nobody comes back to a closed page."""
UNDISTURBED = timedelta(minutes=30)
"""How long it is safe from that first answer on, however many others come; then, in a full house, the oldest ends."""
MOST_OPEN = 10
"""Conversations one person can have open; the one unused longest gives way, except one that must be kept."""


@dataclass(frozen=True, slots=True)
class Work:
    """Something slow that a conversation waits for, to be done outside the transaction."""

    token: Answers | AnswersFirst
    key: str
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    context: Context
    held: Journal
    """What must not be written down meanwhile."""
    event: str
    """The platform's own id of what was taken, where nothing of it is kept but this."""
    again: tuple[seam.Part, ...]
    """What is shown to who must do it again, because what they filled in is not kept; else empty."""
    above: tuple[seam.Part, ...] = ()
    """What is shown above all that comes of it: whom one can turn to, say."""


@dataclass(slots=True)
class Turn:
    """What came of an event."""

    reply: seam.Reply
    kind: str = ""
    """What happened, in one word, for the metrics."""
    posted: bool = False
    timers: bool = False
    work: Work | None = None
    waits: tuple[Answers, ...] = ()
    """The questions that the reply shows."""
    asks: seam.Space | None = None
    """Where it must be asked how the person stands before this can be taken; nothing was written."""
    context: Context | None = None
    """Whom the reply is for, as far as they are known."""
    by_staff: bool = False
    """What was written answers a flow that only staff can start: it is about others."""
    above: int = 0
    """So many parts stand above what the reply itself shows."""
    roster: bool = False
    """Someone of the staff may have left: who is still there is to be asked."""


@dataclass(slots=True)
class Taking:
    """A turn under way."""

    session: Session
    catalogue: Catalogue
    context: Context
    now: int
    parts: list[seam.Part] = field(default_factory=list)
    kind: str = ""
    posted: bool = False
    timers: bool = False
    work: Work | None = None
    waits: list[Answers] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    asks: Answers | AnswersFirst | None = None
    """By what the question that was drawn last is answered."""
    asked: conversations.Asked | None = None
    """The conversation that the act names, asked for beforehand."""
    event: str = ""
    """The platform's own id of what is taken."""
    heavy: bool = False
    by_staff: bool = False
    """Whom one can turn to is shown with what comes of this, because of what was written."""
    kept_some: bool = False
    kept_none: bool = False
    """A first question is shown and nothing else came of it, so it may come again as if it were new."""

    def done(self) -> Turn:
        """The turn as it stands."""
        reply = seam.Reply(tuple(self.parts), self.context.language, self.context.space, ended=tuple(self.ended))
        turn = Turn(reply, self.kind, self.posted, self.timers, self.work, tuple(self.waits), context=self.context)
        turn.by_staff = self.by_staff
        return turn

    def say(self, text: Msg, kind: str = "") -> None:
        """Tell the person something of the engine's own, once."""
        self.parts += [one for one in draw.pieces([text], self.context.language) if one not in self.parts]
        self.kind = self.kind or kind

    def say_over(self, kind: str = "over") -> None:
        """What was pressed or filled in leads nowhere any more."""
        self.say(OVER if self.context.member else OVER_ON_PAGE, kind)

    # ------------------------------------------------------------ beginning and going on

    def start(self, name: str, argument: str = "", *, after: str = "") -> None:
        """Start a flow, or go on with the same one if it is open: the one door for buttons, commands and hand-overs.

        ``after`` is the conversation that hands over to it; empty when a person opens the door.
        """
        flow = self.opened(name, argument, handed_over=bool(after))
        if flow is None:
            return
        mine = self.open_conversations()
        for conversation, turn, journal, _until in mine:
            if journal["@flow"] == name and journal["@argument"] == argument:
                self.show(conversation, turn, self.reopen(journal))
                return
        may_go = [one for one in mine if not self.kept(one[2])]
        for conversation, turn, _journal, _until in may_go[MOST_OPEN - 1 :]:
            self.finish(conversation, turn)
        self.begin(flow, argument, after)

    def opened(self, name: str, argument: str, *, handed_over: bool = False) -> Flow | None:
        """The flow behind the door, for this person; None after saying why it stays shut."""
        flow = self.catalogue.flows.get(name)
        if flow is None or (argument and not flow.takes_argument):
            self.say_over("unknown")
        elif not self.may(flow, handed_over=handed_over):
            guide.refused(self, flow)
        elif not self.context.community_name and COORDINATOR not in flow.who:
            guide.greet(self)
        elif flow.subject is not None and (why := flow.subject(self.session, self.context, argument)) is not None:
            self.say(why, "refused")
        else:
            return flow
        return None

    def pieces(self, things: Iterable[Piece]) -> None:
        """Show things to this person, and of the buttons that start something those alone that they may press."""
        mine = (one for one in things if not isinstance(one, Start) or self.may(self.catalogue.flows[one.flow]))
        self.parts += draw.pieces(mine, self.context.language)

    def may(self, flow: Flow, *, handed_over: bool = False) -> bool:
        """Whether this person is one of those for whom a flow is; one that is for nobody goes on from another."""
        is_one_of = self.context.is_one_of
        if not flow.makes_known and self.context.account:
            is_one_of |= {EVERYONE}  # somebody in a chat, also where they are new
        return bool(flow.who & is_one_of) or (handed_over and not flow.who)

    def begin(self, flow: Flow, argument: str, after: str = "") -> None:
        """A new conversation. Without an account, the one that handed over to it leads to it for good."""
        conversation, journal = new_id(), {"@flow": flow.name, "@argument": argument}
        if not self.context.member:
            journal[BEGUN] = after or secrets.token_urlsafe(9)
            conversation = self.begun(journal[BEGUN])
        run = self.run(flow, journal)
        run.go()
        self.settle(conversation, 0, run)
        self.kind = self.kind or "started"

    def run(self, flow: Flow | Job, journal: Journal, held: Journal | None = None) -> Run:
        """The flow or job, ready to go."""
        return Run(
            flow,
            self.context,
            journal,
            argument=journal["@argument"],
            session=self.session,
            now=self.now,
            held=held,
        )

    def reopen(self, journal: Journal, held: Journal | None = None) -> Run | None:
        """A conversation's flow, gone to where it waits; None when it is no more, or no more for this person."""
        flow = self.catalogue.flows.get(journal["@flow"])
        if flow is None or not self.may(flow, handed_over=True):
            return None
        run = self.run(flow, journal, held)
        run.go()
        return run

    def show(self, conversation: str, turn: int, run: Run | None) -> None:
        """The question that waits, again; ``run`` as it was reopened."""
        if run is None:
            self.say(self.context.absent, "over") if self.context.absent else self.say_over()
        elif run.moved_on:
            self.settle(conversation, turn, run)
        else:
            self.draw(conversation, turn, run)
        self.kind = self.kind or "shown"

    # ------------------------------------------------------------ what a run left behind

    def settle(self, conversation: str, turn: int, run: Run) -> None:
        """Send what the run posted, keep what it learned, draw what it shows; go over to the next flow."""
        self.leave(conversation, run)
        if run.pending is None:
            self.end(conversation, turn, run)
        else:
            self.wait(conversation, turn, run)

    def leave(self, conversation: str, run: Run) -> None:
        """Its messages into the outbox, its timers into the due rows."""
        for post in run.posts:
            sent = outgoing.send(self.session, self.context, self.catalogue, conversation, post, self.now)
            self.posted, self.timers = self.posted or sent.posted, self.timers or sent.timers
        for timer in run.timers:
            outgoing.time(self.session, self.context, conversation, timer)
            self.timers = True

    def end(self, conversation: str, turn: int, run: Run) -> None:
        """Nothing of it is kept any more; the flow that it handed over to begins."""
        self.kept_some = True
        self.over(conversation, turn, run)
        self._shown(run)
        self.kind = self.kind or "ended"
        if run.next is not None:
            self.start(*run.next, after=conversation)

    def over(self, conversation: str, turn: int, run: Run) -> None:
        """A conversation has ended.

        One without an account of which something was kept, or that was about a case, is not begun once more by its
        first question.
        """
        if turn:
            self.finish(conversation, turn)
        if BEGUN in run.journal and (turn or run.journal["@argument"]):
            conversations.note_end(self.session, conversation, self.now // DAY)

    def finish(self, conversation: str, turn: int) -> None:
        """Nothing waits any more in a conversation, and nothing of it is kept."""
        conversations.end(self.session, conversation, turn)
        self.ended.append(conversation)

    def wait(self, conversation: str, turn: int, run: Run) -> None:
        """Keep what the run learned, if it is to be kept, and draw what it asks."""
        assert isinstance(run.flow, Flow)  # noqa: S101  a job waits in its due row
        if not turn and not self.context.member and run.flow.who:
            # So nobody fills the house by opening pages: the first answer brings with it all that is needed.
            if run.waits_first:
                run.journal = run.given_back
                return self.draw(conversation, 0, run)
            before = self.now + ms(ON_A_PAGE - UNDISTURBED)
            me = self.context
            if not conversations.make_room(self.session, me.community, before, crowded=me.crowded):
                return self.refuse(conversation, run)
        run.journal[ASKED] = run.waits_at
        if run.learned:
            run.note_form(turn + 1)
            lives = run.flow.expires_after if self.context.member else min(run.flow.expires_after, ON_A_PAGE)
            self.keep(conversation, turn, run.journal, self.now + ms(lives))
            turn += 1
        return self.draw(conversation, turn, run)

    def keep(self, conversation: str, turn: int, journal: Journal, until: int) -> None:
        """The conversation goes on from here, whatever becomes of this process."""
        self.kept_some = True
        text = json.dumps(journal, ensure_ascii=False, separators=(",", ":")).encode()
        if turn:
            conversations.save(self.session, conversation, turn, text, until)
        else:
            me = self.context
            conversations.add(self.session, conversation, me.community, me.member, text, until)

    def refuse(self, conversation: str, run: Run) -> None:
        """No room for one more conversation without an account: what was answered is given back, and nothing kept.

        So a flow for someone without an account does nothing for good between its first question and its second.
        """
        self.say(NO_ROOM, "full")
        before = self.run(run.flow, run.given_back)
        before.go()
        self.draw(conversation, 0, before)

    def draw(self, conversation: str, turn: int, run: Run) -> None:
        """What the run shows and asks."""
        step = run.pending
        if step is None:
            return
        self._shown(run)
        known, language = {**run.journal, **run.held}, self.context.language
        token: Answers | AnswersFirst = Answers(conversation, turn)
        if not turn:
            token = AnswersFirst(known[BEGUN], run.flow.name, known["@argument"])
            self.kept_none = not self.kept_some
        if step.kind == "work":
            if step.data[2] is not None:
                raise FlowFault("only the slow work of a job reads by itself")
            typed = run.typed
            again = [] if typed is None else draw.given_back(*typed, token, language)
            event = "" if turn else self.event
            self.work = Work(token, step.key, step.data[0], step.data[1], self.context, run.held, event, tuple(again))
            return
        if isinstance(token, Answers):
            self.waits.append(token)
        self.asks = token
        self.parts += draw.question(step, known, token, language, back=bool(run.back_to))

    def _shown(self, run: Run) -> None:
        """What the run says before it asks or ends, in the language that its chat speaks by now."""
        if run.chat.language != self.context.language:
            self.context = replace(self.context, language=run.chat.language)
        self.pieces(run.chat.shown)

    # ------------------------------------------------------------ finding conversations

    def find(self, token: Token | None) -> tuple[str, int, Journal, bool] | None:
        """(conversation, turn, journal, is the token of this very turn) of a button or form of this person."""
        me = self.context
        if isinstance(token, AnswersFirst):
            return self.find_first(token)
        if not isinstance(token, Answers):
            return None
        asked, self.asked = self.asked, None
        found = conversations.find(self.session, me.community, me.member, token.conversation, asked)
        if found is None:
            return self.find_next(token.conversation)
        conversation, turn, journal, _until = found
        return conversation, turn, json.loads(journal), token.turn == turn

    def find_next(self, ended: str) -> tuple[str, int, Journal, bool] | None:
        """What waits of the conversation that one without an account handed over to, when it ended.

        Its id was in an answer that may be lost; who has an account is known by that.
        """
        me = self.context
        if me.member:
            return None
        found = conversations.find(self.session, me.community, me.member, self.begun(ended))
        return None if found is None else (found[0], found[1], json.loads(found[2]), False)

    def find_first(self, token: AnswersFirst) -> tuple[str, int, Journal, bool] | None:
        """The same for a first question that someone without an account was asked: turn 0, of which nothing is kept.

        Answered twice, it finds the conversation that the first time began. None after saying why the door is shut.
        """
        if self.context.member or self.opened(token.flow, token.argument) is None:
            return None
        conversation = self.begun(token.conversation)
        known = self.find(Answers(conversation, 0))
        if known is None and conversations.has_ended(self.session, conversation):
            return None
        journal = {"@flow": token.flow, "@argument": token.argument, BEGUN: token.conversation}
        return known or (conversation, 0, journal, True)

    def begun(self, by: str) -> str:
        """The id of the conversation that the answer to a first question begins."""
        return outgoing.key(self.session, f"begun:{self.context.community}", by)

    def open_conversations(self) -> list[tuple[str, int, Journal, int]]:
        """This person's open conversations, the last used first. Without an account each is known by its id alone."""
        me = self.context
        if not me.member:
            return []
        rows = conversations.open_of(self.session, me.community, me.member)
        mine = [(c, turn, json.loads(journal), until) for c, turn, journal, until in rows]
        return sorted(mine, key=lambda one: self._used_at(one[2], one[3]), reverse=True)

    def kept(self, journal: Journal) -> bool:
        """Whether a conversation stays until it is answered or expires, whatever else its person does."""
        flow = self.catalogue.flows.get(journal["@flow"])
        return flow is not None and flow.keep

    def _used_at(self, journal: Journal, until: int) -> int:
        """When a conversation took its last turn: flows live for different times, so expiry alone does not tell."""
        flow = self.catalogue.flows.get(journal["@flow"])
        return until - (0 if flow is None else ms(flow.expires_after))


def ms(time: timedelta) -> int:
    """Milliseconds."""
    return int(time.total_seconds() * 1000)
