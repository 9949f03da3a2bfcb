"""A turn under way: what a flow left behind is written, and what the person sees is drawn.

Beginning and going on, what a run left behind, and finding conversations: take.py begins a turn, acts.py fills it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flows import seam
from flows.engine import draw, guide, outgoing
from flows.engine.chat import Context, Piece, Start, Step
from flows.engine.conversation import ARGUMENT, ASKED, BEGUN, FLOW, Conversation, Journal
from flows.engine.flow import COORDINATOR, EVERYONE, Catalogue, Flow, FlowFault, Job
from flows.engine.run import Run
from flows.engine.sentences import NO_ROOM, OVER, OVER_ON_PAGE
from flows.token import Answers, AnswersFirst, Token
from flows.words import Msg
from storage import conversations
from storage.days import DAY
from storage.ids import new_id
from storage.statement import Session

ON_A_PAGE = timedelta(days=1)
"""How long a conversation without an account waits from its first answer: nobody comes back to a closed page."""
UNDISTURBED = timedelta(minutes=30)
"""How long it is safe from that first answer on, however many others come; then, in a full house, the oldest ends."""
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
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
class Outcome:
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
class Turn:
    """One event, or one job, as it is taken within a transaction."""

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
    """The questions that were drawn."""
    question: Answers | AnswersFirst | None = None
    """By what the one that was drawn last is answered."""
    ended: list[str] = field(default_factory=list)
    asked: conversations.Asked | None = None
    """The conversation that the act names, asked for beforehand."""
    event: str = ""
    """The platform's own id of what is taken."""
    heavy: bool = False
    """Whom one can turn to is shown with what comes of this, because of what was written."""
    by_staff: bool = False
    """What was written answers a flow that only staff can start."""
    kept_some: bool = False
    kept_none: bool = False
    """A first question is shown and nothing else came of it, so it may come again as if it were new."""

    def done(self) -> Outcome:
        """What came of it."""
        me, question = self.context, "" if self.question is None else str(self.question)
        reply = seam.Reply(tuple(self.parts), me.language, me.space, ended=tuple(self.ended), question=question)
        done = Outcome(reply, self.kind, self.posted, self.timers, self.work, tuple(self.waits), context=me)
        done.by_staff = self.by_staff
        return done

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
        for one in mine:
            if (one.flow, one.argument) == (name, argument):
                self.show(self.reopen(one))
                return
        may_go = [one for one in mine if not self.kept(one)]
        for one in may_go[MOST_OPEN - 1 :]:
            self.finish(one.id, one.turn)
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
        conversation, journal = new_id(), {FLOW: flow.name, ARGUMENT: argument}
        if not self.context.member:
            journal[BEGUN] = after or secrets.token_urlsafe(9)
            conversation = self.begun(journal[BEGUN])
        self.settle(self.run(flow, Conversation(journal, conversation)))
        self.kind = self.kind or "started"

    def run(self, flow: Flow | Job, conversation: Conversation) -> Run:
        """The flow or job, gone to where it waits or ends."""
        run = Run(flow, self.context, conversation, self.session, self.now)
        run.go()
        return run

    def reopen(self, conversation: Conversation) -> Run | None:
        """A conversation's flow, gone to where it waits; None when it is no more, or no more for this person."""
        flow = self.catalogue.flows.get(conversation.flow)
        if flow is None or not self.may(flow, handed_over=True):
            return None
        return self.run(flow, conversation)

    def show(self, run: Run | None) -> None:
        """The question that waits, again; ``run`` as it was reopened."""
        if run is None:
            self.say(self.context.absent, "over") if self.context.absent else self.say_over()
        elif run.moved_on:
            self.settle(run)
        else:
            self.draw(run)
        self.kind = self.kind or "shown"

    # ------------------------------------------------------------ what a run left behind

    def settle(self, run: Run) -> None:
        """Send what the run posted, keep what it learned, draw what it shows; go over to the next flow."""
        self.leave(run)
        if run.pending is None:
            self.end(run)
        else:
            self.wait(run)

    def leave(self, run: Run) -> None:
        """Its messages into the outbox, its timers into the due rows."""
        for post in run.posts:
            sent = outgoing.send(self.session, self.context, self.catalogue, run.conversation, post, self.now)
            self.posted, self.timers = self.posted or sent.posted, self.timers or sent.timers
        for timer in run.timers:
            outgoing.time(self.session, self.context, run.conversation, timer)
            self.timers = True

    def end(self, run: Run) -> None:
        """Nothing of it is kept any more; the flow that it handed over to begins."""
        self.kept_some = True
        self.over(run)
        self._shown(run)
        self.kind = self.kind or "ended"
        if run.next is not None:
            self.start(*run.next, after=run.conversation)

    def over(self, run: Run) -> None:
        """A conversation has ended.

        One without an account of which something was kept, or that was about a case, is not begun once more by its
        first question.
        """
        if run.turn:
            self.finish(run.conversation, run.turn)
        if BEGUN in run.journal and (run.turn or run.argument):
            conversations.note_end(self.session, run.conversation, self.now // DAY)

    def finish(self, conversation: str, turn: int) -> None:
        """Nothing waits any more in a conversation, and nothing of it is kept."""
        conversations.end(self.session, conversation, turn)
        self.ended.append(conversation)

    def wait(self, run: Run) -> None:
        """Keep what the run learned, if it is to be kept, and draw what it asks."""
        assert isinstance(run.flow, Flow)  # noqa: S101  a job waits in its due row
        if not run.turn and not self.context.member and run.flow.who:
            # So nobody fills the house by opening pages: the first answer brings with it all that is needed.
            if run.waits_first:
                run.journal = run.given_back
                return self.draw(run)
            before = self.now + ms(ON_A_PAGE - UNDISTURBED)
            me = self.context
            if not conversations.make_room(self.session, me.community, before, crowded=me.crowded):
                return self.refuse(run)
        run.journal[ASKED] = run.waits_at
        if run.learned:
            lives = run.flow.expires_after if self.context.member else min(run.flow.expires_after, ON_A_PAGE)
            self.keep(run, self.now + ms(lives))
        return self.draw(run)

    def keep(self, run: Run, until: int) -> None:
        """The conversation goes on from here, whatever becomes of this process."""
        self.kept_some = True
        run.note_form(run.turn + 1)
        text = _JSON.encode(run.journal).encode()
        if run.turn:
            conversations.save(self.session, run.conversation, run.turn, text, until)
        else:
            me = self.context
            conversations.add(self.session, run.conversation, me.community, me.member, text, until)
        run.turn += 1

    def refuse(self, run: Run) -> None:
        """No room for one more conversation without an account: what was answered is given back, and nothing kept.

        So a flow for someone without an account does nothing for good between its first question and its second.
        """
        self.say(NO_ROOM, "full")
        self.draw(run.anew(run.given_back))

    def draw(self, run: Run) -> None:
        """What the run shows and asks."""
        step = run.pending
        if step is None:
            return
        self._shown(run)
        token: Answers | AnswersFirst = Answers(run.conversation, run.turn)
        if not run.turn:
            token = AnswersFirst(run.journal[BEGUN], run.flow.name, run.argument)
            self.kept_none = not self.kept_some
        if step.kind == "work":
            self.work = self._slow(step, run, token)
            return
        if isinstance(token, Answers):
            self.waits.append(token)
        self.question = token
        known = run.journal | run.held
        self.parts += draw.question(step, known, token, self.context.language, back=bool(run.back_to))

    def _slow(self, step: Step[Any], run: Run, token: Answers | AnswersFirst) -> Work:
        """The slow work that the run waits for, as it is done outside of the transaction."""
        fn, args, of = step.data
        if of is not None:
            raise FlowFault("only the slow work of a job reads by itself")
        typed, me = run.typed, self.context
        again = () if typed is None else tuple(draw.given_back(*typed, token, me.language))
        return Work(token, step.key, fn, args, me, run.held, "" if run.turn else self.event, again)

    def _shown(self, run: Run) -> None:
        """What the run says before it asks or ends, in the language that its chat speaks by now."""
        self.context = run.chat.context
        self.pieces(run.chat.shown)

    # ------------------------------------------------------------ finding conversations

    def find(self, token: Token | None) -> Conversation | None:
        """The conversation of a button or form of this person; ``current`` if that is of this very turn."""
        me = self.context
        if isinstance(token, AnswersFirst):
            return self.find_first(token)
        if not isinstance(token, Answers):
            return None
        asked, self.asked = self.asked, None
        found = conversations.find(self.session, me.community, me.member, token.conversation, asked)
        if found is None:
            return self.find_next(token.conversation)
        conversation, turn, journal, until = found
        return Conversation(json.loads(journal), conversation, turn, until, current=token.turn == turn)

    def find_next(self, ended: str) -> Conversation | None:
        """What waits of the conversation that one without an account handed over to, when it ended.

        Its id was in an answer that may be lost; who has an account is known by that.
        """
        me = self.context
        if me.member:
            return None
        found = conversations.find(self.session, me.community, me.member, self.begun(ended))
        if found is None:
            return None
        conversation, turn, journal, until = found
        return Conversation(json.loads(journal), conversation, turn, until, current=False)

    def find_first(self, token: AnswersFirst) -> Conversation | None:
        """The same for a first question that someone without an account was asked: turn 0, of which nothing is kept.

        Answered twice, it finds the conversation that the first time began. None after saying why the door is shut.
        """
        if self.context.member or self.opened(token.flow, token.argument) is None:
            return None
        conversation = self.begun(token.conversation)
        known = self.find(Answers(conversation, 0))
        if known is None and conversations.has_ended(self.session, conversation):
            return None
        journal = {FLOW: token.flow, ARGUMENT: token.argument, BEGUN: token.conversation}
        return known or Conversation(journal, conversation)

    def begun(self, by: str) -> str:
        """The id of the conversation that the answer to a first question begins."""
        return outgoing.key(self.session, f"begun:{self.context.community}", by)

    def open_conversations(self) -> list[Conversation]:
        """This person's open conversations, the last used first. Without an account each is known by its id alone."""
        me = self.context
        if not me.member:
            return []
        rows = conversations.open_of(self.session, me.community, me.member)
        mine = [Conversation(json.loads(journal), c, turn, until) for c, turn, journal, until in rows]
        return sorted(mine, key=self._used_at, reverse=True)

    def kept(self, conversation: Conversation) -> bool:
        """Whether it stays until it is answered or expires, whatever else its person does."""
        flow = self.catalogue.flows.get(conversation.flow)
        return flow is not None and flow.keep

    def _used_at(self, conversation: Conversation) -> int:
        """When a conversation took its last turn: flows live for different times, so expiry alone does not tell."""
        flow = self.catalogue.flows.get(conversation.flow)
        return conversation.until - (0 if flow is None else ms(flow.expires_after))


def ms(time: timedelta) -> int:
    """Milliseconds."""
    return int(time.total_seconds() * 1000)
