"""Running a flow: replay its journal, go on from there, stop at the first thing that has no answer yet.

Pure: the journal and an answer go in; what is shown, what the journal learned, and what must be posted or timed come
out. Only ``do`` calls something, with whatever session it was given.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from typing import Any

from flows.engine.chat import Chat, Choice, Context, Step, Steps, code
from flows.engine.conversation import (
    ARGUMENT,
    ASKED,
    BEGUN,
    DRAFTS,
    FLOW,
    FORMS,
    QUESTIONS,
    WRONG,
    Conversation,
    Journal,
    drafts_in,
    with_drafts,
)
from flows.engine.effects import Later, Never, Post
from flows.engine.fields import Line
from flows.engine.flow import Flow, FlowFault, Job
from flows.engine.forms import Completed, Questions
from flows.results import decode, encode

_QUESTIONS = ("ask", "fill")
_EFFECTS = ("do", "post", "later", "never")


class Run:
    """One turn of one flow, or a job as a whole.

    Make it, ``go()``, look at ``pending``; perhaps ``answer(...)``; then ``close()``.

    ``pending`` is the question or work that waits, or None when the flow has ended; ``next`` is the flow it handed
    over to. ``journal`` is that of the given conversation, grown; ``held`` is what must not be written down: all that
    was learned from the first step on that is not kept.
    """

    def __init__(self, flow: Flow | Job, context: Context, at: Conversation, session: Any = None, now: int = 0) -> None:
        """``at``: the conversation where it stands. ``session`` is what effects and queries are given."""
        self.flow = flow
        self.conversation, self.turn = at.id, at.turn
        self.argument = at.argument
        self.journal = at.journal
        self.held = dict(at.held)
        self.holds = False
        """Whether a step was passed that is not kept."""
        self.chat = Chat(context) if isinstance(flow, Flow) else Steps(context)
        self.pending: Step[Any] | None = None
        self.next: tuple[str, str] | None = None
        self.posts: list[Post] = []
        self.timers: list[Later | Never] = []
        self._context = context
        self._session = session
        self._now = now
        self._before = dict(at.journal)
        self._looked: dict[str, Any] = {}
        self._held_form: Step[Any] | None = None
        self._trail: list[tuple[str, str]] = []
        self._coroutine = flow.run(self.chat, at.argument) if flow.takes_argument else flow.run(self.chat)

    def go(self, value: Any = None) -> None:
        """Run until a question without an answer, or the end."""
        send = self._coroutine.send  # type: ignore[attr-defined]
        seen = {key for key, _ in self._trail}
        step: Any = None
        try:
            while True:
                step = send(value)
                _check(step, seen)
                if step.kind == "hand_over":
                    self.next = step.data
                    break
                seen.add(step.key)
                if self.holds or not step.kept:
                    self._hold(step)
                if step.kind == "fill":
                    self._as_it_was_asked(step)
                if not self._known(step):
                    self.pending = step
                    return
                self._trail.append((step.key, step.kind))
                value = self._value(step)
        except StopIteration:
            pass
        except Exception as fault:
            fault.add_note(f"in flow {self.flow.name}, at {step.key if type(step) is Step else 'its start'}")
            self.close()
            raise
        self.pending = None
        self.close()

    def answer(self, value: Any) -> None:
        """Give the pending question or work its result, as data, and go on."""
        step = self.pending
        if step is None:
            raise FlowFault(f"flow {self.flow.name} asks nothing now")
        if step.kind == "work":
            value = encode(step.data[0], value)
        self.notes[step.key] = value
        self._trail.append((step.key, step.kind))
        self.go(self._value(step))

    @property
    def notes(self) -> Journal:
        """Where it writes now: into the journal, or into what is only held."""
        return self.held if self.holds else self.journal

    @property
    def typed(self) -> tuple[Step[Any], Journal] | None:
        """The form that is not kept and what was filled in last; None when there is none."""
        form = self._held_form
        filled = [key for key, kind in self._trail if kind == "fill" and key in self.held]
        return None if form is None or not filled else (form, self.held[filled[-1]])

    @property
    def waits_at(self) -> str:
        """The key of the question that a replay of the journal alone comes to."""
        return "" if self.pending is None else (self._held_form or self.pending).key

    @property
    def learned(self) -> bool:
        """Whether the journal is another than it was given."""
        return self.journal != self._before

    @property
    def moved_on(self) -> bool:
        """Whether it waits elsewhere than where its person was left: the flow itself changed in between."""
        return self.pending is None or self.waits_at != self.journal.get(ASKED) or self.learned

    @property
    def waits_first(self) -> bool:
        """Whether nothing is known but what stands in the question that waits now, the first."""
        pending = "" if self.pending is None else self.pending.key
        return all(key == pending or key.startswith("@") for key in self.journal)

    @property
    def first_form(self) -> str:
        """The key of the first form, where that is the first question that was asked; else empty."""
        pending = [] if self.pending is None else [(self.pending.key, self.pending.kind)]
        key, kind = next((one for one in (*self._trail, *pending) if one[1] in _QUESTIONS), ("", ""))
        return key if kind == "fill" else ""

    @property
    def given_back(self) -> Journal:
        """A journal of nothing but what stands in the first form, to be shown and sent again."""
        first, journal = self.first_form, self.journal
        given = {**(journal.get(first) or {}), **drafts_in(journal, first)}
        kept = {name: journal[name] for name in (FLOW, ARGUMENT, BEGUN, WRONG) if name in journal}
        return kept | {DRAFTS: {first: given}}

    @property
    def back_to(self) -> str:
        """The question that 'back' would ask again; empty when an effect came after it, or there is none."""
        for key, kind in reversed(self._trail):
            if kind in _EFFECTS or self.holds:
                return ""
            if kind in _QUESTIONS:
                return key
        return ""

    def asks(self, kind: str) -> bool:
        """Whether a step of this kind waits."""
        return self.pending is not None and self.pending.kind == kind

    @property
    def choices(self) -> dict[str, Choice[Any]]:
        """The answers to the question that waits, by how they stand in a button's id; none where it is no choice."""
        return {code(one): one for one in self.pending.data[1]} if self.pending and self.asks("ask") else {}

    @property
    def text_asked(self) -> str | None:
        """The field of the form that waits, where one text is all that it asks; None for everything else."""
        step = self.pending
        if step is None or step.kind != "fill" or len(step.data[0].questions) != 1:
            return None
        ((name, question),) = step.data[0].questions.items()
        return name if question.typed else None

    def may_answer(self, text: str) -> bool:
        """Whether a text can be what is asked for: every one where words are, else only a day where a day is, say."""
        asked = self.text_asked
        if asked is None or self.pending is None:
            return False
        question = self.pending.data[0].questions[asked]
        return isinstance(question, Line) or question.take(text)[1] is None

    @property
    def story_asked(self) -> str | None:
        """The field of the form that waits, where it begins by asking for a text of many lines."""
        step = self.pending
        if step is None or step.kind != "fill" or self.holds:
            return None
        name, question = next(iter(step.data[0].questions.items()))
        return name if isinstance(question, Line) and question.long else None

    @property
    def drafts(self) -> Journal:
        """What stands in the form that waits and is not sent yet."""
        key = "" if self.pending is None else self.pending.key
        return drafts_in(self.notes, key)

    @property
    def filled_in(self) -> bool:
        """Whether something would be lost if it ended here: an answer, or a word in the form that waits."""
        pending = None if self.pending is None else self.journal.get(self.pending.key)
        answered = any(kind in _QUESTIONS for _key, kind in self._trail)
        return answered or bool(pending) or any(one not in (None, "") for one in self.drafts.values())

    def note_drafts(self, values: Mapping[str, object]) -> None:
        """Keep in the form that waits what stood in it when something else was pressed, as far as it may be kept."""
        step = self.pending
        if step is None or step.kind != "fill" or self.holds:
            return
        good, drafts, _wrong = step.data[0].take({name: one for name, one in values.items() if one is not None})
        if written := {**drafts, **good}:
            before = drafts_in(self.journal, step.key)
            self.journal[DRAFTS] = with_drafts(self.journal, step.key, {**before, **written})

    def note_form(self, turn: int) -> None:
        """Remember in the journal which form is asked at a turn, as long as it is there to go back to."""
        asked = {at: key for at, key in self.journal.get(FORMS, {}).items() if key in self.journal}
        if self.pending is not None and self.pending.kind == "fill" and not self.holds:
            asked[str(turn)] = self.pending.key
        self.journal.pop(FORMS, None)
        self.journal |= {FORMS: asked} if asked else {}

    def form_at(self, turn: int) -> str:
        """The key of the form that was asked at a turn; empty when it was none, or is not known any more."""
        return str(self.journal.get(FORMS, {}).get(str(turn), ""))

    def may_return_to(self, key: str) -> bool:
        """Whether a question that was answered can be asked again: no effect came after it."""
        for before, kind in reversed(self._trail):
            if kind in _EFFECTS or self.holds:
                return False
            if before == key:
                return True
        return False

    def refilled(self, key: str, fields: Collection[str]) -> Journal | None:
        """The journal as it was when a form was asked, without its answers for ``fields``, which come anew.

        None when nothing of it comes anew, or it cannot be asked again.
        """
        waits = self.pending is not None and self.pending.key == key and not self.holds
        if not waits and not self.may_return_to(key):
            return None
        before = dict(self.journal) if waits else self.without(key)
        answers = {name: value for name, value in (self.journal.get(key) or {}).items() if name not in fields}
        before[key] = answers
        return before

    def without(self, key: str) -> Journal:
        """The journal as it was before a question; its answer is kept as a draft."""
        keys = [one for one, _ in self._trail]
        gone = set(keys[keys.index(key) :])
        drafts = with_drafts(self.journal, key, self.journal[key])
        return {k: v for k, v in self.journal.items() if k not in gone} | {DRAFTS: drafts}

    def anew(self, journal: Journal) -> Run:
        """The same conversation from another journal of its own on, gone to where that leads."""
        run = Run(
            self.flow, self._context, Conversation(journal, self.conversation, self.turn), self._session, self._now
        )
        run.go()
        return run

    def close(self) -> None:
        """Let the flow go; nothing of it stays in memory."""
        self._coroutine.close()  # type: ignore[attr-defined]

    # ------------------------------------------------------------ the steps

    def _hold(self, step: Step[Any]) -> None:
        """From a step that is not kept on, nothing is; a question that must be kept cannot come after it."""
        form = step.data[0] if step.kind == "fill" else None
        if self.holds and step.kind in _QUESTIONS and (step.kept or (self._held_form or step).data[0] is not form):
            raise FlowFault("after a step that is not kept, nothing is asked but the same form again")
        self.holds = self.holds or not step.kept
        if form is not None and self.holds:
            self._held_form = self._held_form or step

    def _as_it_was_asked(self, step: Step[Any]) -> None:
        """A form from data stays what it was when this conversation came to it: questions, kinds and bounds."""
        form, draft, model = step.data
        if model is not None:
            return
        pinned = self.journal.get(QUESTIONS, {})
        if step.key in pinned:
            step.data = (Questions.of(pinned[step.key]), draft, model)
        else:
            self.journal[QUESTIONS] = pinned | {step.key: form.data()}

    def _known(self, step: Step[Any]) -> bool:
        """Is there a result for this step; if it is no question, make one."""
        if step.kind == "look":
            query, args = step.data
            self._looked[step.key] = query(self._session, *args)
            return True
        if step.kind == "fill":
            answers = self._at(step.key)
            return answers is not None and not step.data[0].open_fields(answers)
        if step.key in self.held or step.key in self.journal:
            return True
        match step.kind:
            case "do":
                effect, args, named = step.data
                result = encode(effect, effect(self._session, *args, **named))
            case "now":
                result = self._now
            case "random":
                result = b64encode(secrets.token_bytes(step.data[0])).decode()
            case "post":
                self.posts.append(Post(step.key, *step.data))
                result = None
            case "later":
                self.timers.append(Later(step.key, *step.data))
                result = None
            case "never":
                self.timers.append(Never(*step.data))
                result = None
            case _:
                return False
        self.notes[step.key] = result
        return True

    def _at(self, key: str) -> Any:
        return self.held[key] if key in self.held else self.journal.get(key)

    def _value(self, step: Step[Any]) -> Any:
        raw = self._at(step.key)
        match step.kind:
            case "look":
                return self._looked[step.key]
            case "ask":
                self.chat.shown.clear()
                return raw
            case "fill":
                self.chat.shown.clear()
                form, _draft, model = step.data
                answers = {name: one for name, one in raw.items() if name in form.questions}
                return Completed(form, answers) if model is None else model.model_validate(answers)
            case "random":
                return b64decode(raw)
            case "do" | "work":
                return decode(step.data[0], raw)
        return raw


def _check(step: Any, seen: set[str]) -> None:
    if type(step) is not Step:
        raise FlowFault("a flow awaits nothing but its chat")
    if step.kind == "hand_over":
        return
    if step.key in seen:
        raise FlowFault(f"the key {step.key!r} is used twice: each step has its own, in a loop with a number in it")
    if not step.key or step.key.startswith("@"):
        raise FlowFault(f"the key {step.key!r} is empty, or begins as the engine's own do")
