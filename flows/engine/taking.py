"""A turn under way: what a flow left behind is written, and what the person sees is drawn."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flows import seam
from flows.engine import draw, wire
from flows.engine.arrival import BEGIN
from flows.engine.chat import Context
from flows.engine.flow import COORDINATOR, EVERYONE, Catalogue, Flow, FlowFault, Job
from flows.engine.run import ASKED, Journal, Later, Post, Run
from flows.engine.sentences import IN_THE_CHAT, NOT_FOR_YOU, NOT_SET_UP, OVER, greeting
from flows.engine.token import Answers
from flows.words import Msg
from storage import conversations, due, members, outbox, places
from storage.ids import new_id
from storage.statement import Session

MOST_OPEN = 10
"""Conversations one person can have open; the one unused longest gives way, except one that must be kept."""


@dataclass(frozen=True, slots=True)
class Work:
    """Something slow that a conversation waits for, to be done outside the transaction."""

    conversation: str
    key: str
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    context: Context


@dataclass(slots=True)
class Turn:
    """What came of an event."""

    reply: seam.Reply
    kind: str = ""
    """What happened, in one word, for the metrics."""
    posted: bool = False
    timers: bool = False
    work: Work | None = None
    asks: seam.Space | None = None
    """Where it must be asked how the person stands before this can be taken; nothing was written."""
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
    asked: conversations.Asked | None = None
    """The conversation that the act names, asked for beforehand."""

    def done(self) -> Turn:
        """The turn as it stands."""
        reply = seam.Reply(tuple(self.parts), self.context.language, self.context.space)
        return Turn(reply, self.kind, self.posted, self.timers, self.work)

    def say(self, text: Msg, kind: str = "") -> None:
        """Tell the person something of the engine's own."""
        self.parts += draw.pieces([text], self.context.language)
        self.kind = self.kind or kind

    def greet(self) -> None:
        """The first words to someone; before a community has its name they lead to setup."""
        if self.context.absent is not None:
            return self.say(self.context.absent, "greeted")
        if self.context.community_name:
            return self.say(greeting(self.context.community_name), "greeted")
        self.parts += draw.pieces([NOT_SET_UP, BEGIN], self.context.language)
        self.kind = self.kind or "greeted"
        return None

    # ------------------------------------------------------------ beginning and going on

    def start(self, name: str, argument: str = "", *, handed_over: bool = False) -> None:
        """Start a flow, or go on with the same one if it is open: the one door for buttons, commands and hand-overs."""
        flow = self.catalogue.flows.get(name)
        if flow is None or (argument and not flow.takes_argument):
            return self.say(OVER, "unknown")
        if not self.may(flow, handed_over=handed_over):
            refused = NOT_FOR_YOU if self.context.member or EVERYONE not in flow.who else IN_THE_CHAT
            return self.say(self.context.absent or refused, "refused")
        if not self.context.community_name and COORDINATOR not in flow.who:
            return self.greet()
        if flow.subject is not None and (why := flow.subject(self.session, self.context, argument)) is not None:
            return self.say(why, "refused")
        mine = self.open_conversations()
        for conversation, turn, journal, _until in mine:
            if journal["@flow"] == name and journal["@argument"] == argument:
                return self.show(conversation, turn, self.reopen(journal))
        may_go = [one for one in mine if not self.kept(one[2])]
        for conversation, turn, _journal, _until in may_go[MOST_OPEN - 1 :]:
            conversations.end(self.session, conversation, turn)
        self.begin(flow, argument)
        return None

    def may(self, flow: Flow, *, handed_over: bool = False) -> bool:
        """Whether this person is one of those for whom a flow is; one that is for nobody goes on from another."""
        return bool(flow.who & self.context.is_one_of) or (handed_over and not flow.who)

    def begin(self, flow: Flow, argument: str) -> None:
        """A new conversation."""
        conversation = new_id()
        run = self.run(flow, {"@flow": flow.name, "@argument": argument})
        run.go()
        self.settle(conversation, 0, run)
        self.kind = self.kind or "started"

    def run(self, flow: Flow | Job, journal: Journal) -> Run:
        """The flow or job, ready to go."""
        return Run(
            flow,
            self.context,
            journal,
            argument=journal["@argument"],
            session=self.session,
            now=self.now,
        )

    def reopen(self, journal: Journal) -> Run | None:
        """A conversation's flow, gone to where it waits; None when it is no more, or no more for this person."""
        flow = self.catalogue.flows.get(journal["@flow"])
        if flow is None or not self.may(flow, handed_over=True):
            return None
        run = self.run(flow, journal)
        run.go()
        return run

    def show(self, conversation: str, turn: int, run: Run | None) -> None:
        """The question that waits, again; ``run`` as it was reopened."""
        if run is None:
            self.say(self.context.absent or OVER, "over")
        elif run.moved_on:
            self.settle(conversation, turn, run)
        else:
            self.draw(conversation, turn, run)
        self.kind = self.kind or "shown"

    # ------------------------------------------------------------ what a run left behind

    def settle(self, conversation: str, turn: int, run: Run) -> None:
        """Keep what the run learned, send what it posted, draw what it shows; go over to the next flow."""
        for post in run.posts:
            self.post(conversation, post)
        for timer in run.timers:
            self.later(conversation, timer)
        if run.pending is None:
            if turn:
                conversations.end(self.session, conversation, turn)
            self._shown(run)
            self.kind = self.kind or "ended"
            if run.next is not None:
                self.start(*run.next, handed_over=True)
            return
        if isinstance(run.flow, Job):
            raise FlowFault(f"the job {run.flow.name} asks somebody something")
        run.journal[ASKED] = run.pending.key
        text = json.dumps(run.journal, ensure_ascii=False, separators=(",", ":")).encode()
        until = self.now + int(run.flow.expires_after.total_seconds() * 1000)
        if turn:
            conversations.save(self.session, conversation, turn, text, until)
        else:
            me = self.context
            conversations.add(self.session, conversation, me.community, me.member, text, until)
        self.draw(conversation, turn + 1, run)

    def draw(self, conversation: str, turn: int, run: Run) -> None:
        """What the run shows and asks."""
        step = run.pending
        if step is None:
            return
        self._shown(run)
        if step.kind == "work":
            self.work = Work(conversation, step.key, step.data[0], step.data[1], self.context)
            return
        token = Answers(conversation, turn)
        back = bool(run.back_to)
        self.parts += draw.question(step, run.journal, token, self.context.language, back=back)

    def _shown(self, run: Run) -> None:
        """What the run says before it asks or ends, in the language that its chat speaks by now."""
        if run.chat.language != self.context.language:
            self.context = replace(self.context, language=run.chat.language)
        self.parts += draw.pieces(run.chat.shown, self.context.language)

    def post(self, conversation: str, post: Post) -> None:
        """A message into the outbox, on each platform that has the place; dropped where none has it yet."""
        session, community = self.session, self.context.community
        if post.place:
            to = places.of_kind(session, community, post.place)
        else:
            theirs = members.accounts(session, community, post.member)
            to = [one for one in theirs if post.account in ("", one.account)][:1]
        for one in to:
            payload = wire.pack(draw.pieces(post.pieces, one.language), one.language)
            outbox.add(
                session,
                outbox_key(session, conversation, f"{post.key}@{one.platform}"),
                community,
                one.platform,
                one.space,
                one.external_id,
                private=not post.place,
                subject=post.subject,
                fleeting=post.fleeting,
                payload=payload,
                now=self.now,
            )
            self.posted = True

    def later(self, conversation: str, timer: Later) -> None:
        """A timer into the due rows."""
        key = outbox_key(self.session, conversation, timer.key)
        due.add(
            self.session,
            key,
            self.context.community,
            timer.job,
            timer.argument,
            timer.at,
            timer.until,
        )
        self.timers = True

    # ------------------------------------------------------------ finding conversations

    def find(self, token: Answers) -> tuple[str, int, Journal, bool] | None:
        """(conversation, turn, journal, is the token of this very turn) of a button or form of this person."""
        me = self.context
        asked, self.asked = self.asked, None
        found = conversations.find(self.session, me.community, me.member, token.conversation, asked)
        if found is None:
            return None
        conversation, turn, journal, _until = found
        return conversation, turn, json.loads(journal), token.turn == turn

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
        return until - (0 if flow is None else int(flow.expires_after.total_seconds() * 1000))


def outbox_key(session: Session, conversation: str, key: str) -> str:
    """22 characters that are the same for the same effect, and say nothing of where it came from."""
    return urlsafe_b64encode(session.keys.fingerprint(f"{conversation}:{key}")).decode().rstrip("=")
