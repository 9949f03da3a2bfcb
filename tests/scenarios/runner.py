"""Transcripts: a story is read line by line, played on a surface, and compared with what people really see there.

``> Sam presses [Start] in students`` is an act; the lines below it are what Sam is shown then. Other acts:
``> Sam types hello``, ``> Sam asks /help``, ``> Sam looks``, ``> Sam fills in`` with ``question = answer`` indented
below it, ``> posts in mentors``, ``> it is 2026-11-26 12:00``, ``> Erbij restarts``. ``{case}``, ``{receipt}`` and
``{code}`` stand for what is random, ``{platform}`` for the surface: the first time they match anything of the right
shape, from then on only the same.
``> Alex adds Erbij`` shows what Erbij then says to everyone.
``> in Teams, Robin looks``, and every other act so begun, happens on the other of two surfaces.

What Erbij explains in two lines or more, and explained before in the same story, is written once: after that it says
``As above, 3 lines:`` and the first of them. All of them are compared, each time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from adapters.teams.cards import WINDOW
from flows.engine import Form
from flows.engine.fields import Pick
from flows.words import LANGUAGES, said
from tests.scenarios.world import World

SHAPES = {
    "receipt": r"(?:[a-z]{5,9} ){5}[a-z]{5,9}",
    "case": r"[A-Z2-7]{4}",
    "code": r"[0-9A-Z]{4}-[0-9A-Z]{4}",
    "platform": r"Web chat|Discord|Microsoft Teams",
}
SHOWN_AS = {
    "case": r"(?<=[Cc]ase )[A-Z2-7]{4}\b|(?<=come in: )[A-Z2-7]{4}\b|(?<=Read )[A-Z2-7]{4}\b|^[A-Z2-7]{4}(?=: )",
    "platform": r"(?<=^Your accounts: )Web chat$",
}

WINDOWS = {f"[{said(WINDOW, language)}]" for language in LANGUAGES}


@dataclass
class Act:
    """One act of a story, and what is seen after it."""

    line: str
    values: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)


@dataclass
class Story:
    """A transcript."""

    title: list[str]
    acts: list[Act]

    @classmethod
    def read(cls, path: Path) -> Story:
        """The story in a file."""
        story = cls([], [])
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("> "):
                story.acts.append(Act(line))
            elif line.startswith("    "):
                question, _, answer = line.strip().partition(" = ")
                story.acts[-1].values[question] = answer
            elif line.startswith("#"):
                story.title.append(line)
            elif line.strip():
                story.acts[-1].seen += _as_above(line, story.acts)
        return story

    def write(self, path: Path) -> None:
        """The story into its file."""
        lines = list(self.title)
        for number, act in enumerate(self.acts):
            seen = _shortened(act.seen, self.acts[:number])
            lines += ["", act.line, *(f"    {q} = {a}" for q, a in act.values.items()), *seen]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


LONG = 60
"""Signs from which a sentence is long."""


def _is_long(line: str) -> bool:
    """Whether Erbij explains something here: no button, no question, no row of a card, and no short news either."""
    return len(line) >= LONG and line.endswith(".") and not line.startswith("? ") and "?: " not in line


def _before(line: str, acts: list[Act]) -> list[str]:
    """What followed this line, it among them, when it was first seen; nothing when it was not."""
    return next((act.seen[act.seen.index(line) :] for act in acts if line in act.seen), [])


def _as_above(line: str, acts: list[Act]) -> list[str]:
    """The lines that a line of a story stands for."""
    found = re.fullmatch(r"As above, (\d+) lines: (.+)", line)
    return (_before(found[2], acts)[: int(found[1])] if found else []) or [line]


def _shortened(seen: list[str], acts: list[Act]) -> list[str]:
    """The same lines, with those that were read before said in one."""
    lines, rest = [], list(seen)
    while rest:
        both = zip(rest, _before(rest[0], acts), strict=False)
        same = list(takewhile(lambda pair: pair[0] == pair[1] and _is_long(pair[0]), both))
        lines.append(f"As above, {len(same)} lines: {rest[0]}" if len(same) > 1 else rest[0])
        del rest[: max(1, len(same))]
    return lines


class Player:
    """Plays a story on a surface, and on others that the story calls by their names."""

    def __init__(self, world: World, surface: Any, *others: Any, restless: bool = False) -> None:
        self._world = world
        self._surface = surface
        self._others = {other.name: other for other in others}
        self._restless = restless
        self._known: dict[str, str] = {}

    async def play(self, story: Story) -> None:
        """Play it all; the first difference fails, with both sides in full."""
        for act in story.acts:
            if self._restless:
                await self._world.restart()
            seen = await self._act(act)
            if seen is not None:
                expected = drawn_alike([self._filled(line) for line in act.seen if self._can_be_asked(line)])
                shown = drawn_alike(seen)
                got = [self._learned(line, want) for line, want in zip(shown, expected, strict=False)]
                got += shown[len(expected) :]
                assert got == [self._filled(line) for line in expected], f"after {act.line}"

    def _can_be_asked(self, line: str) -> bool:
        """Where a platform has no roles, which one somebody has is not asked."""
        return bool(self._surface.role_ids) or line not in _role_questions(Form)

    async def record(self, story: Story) -> Story:
        """Play it, and write down what is seen instead of comparing."""
        for act in story.acts:
            seen = await self._act(act)
            act.seen = [] if seen is None else [self._hidden(line) for line in seen]
        return story

    async def _act(self, act: Act) -> list[str] | None:
        surface, line = self._surface, self._filled(act.line)
        if found := re.fullmatch(r"> in (\w+), (.+)", line):
            surface, line = self._others[found[1].lower()], f"> {found[2]}"
        if found := re.fullmatch(r"> it is (\S+ \S+)", line):
            await self._world.move_to(found[1])
            return None
        if line == "> Erbij restarts":
            await self._world.restart()
            return None
        if found := re.fullmatch(r"> posts in (\w+)|> (\w+) adds Erbij", line):
            return await self._public(surface, *found.groups())
        if found := re.fullmatch(r"> (\w+) presses \[(.+?)\](?: in (\w+))?", line):
            await surface.press(found[1], found[2], found[3] or "")
        elif found := re.fullmatch(r"> (\w+) types (.+)", line):
            await surface.say(found[1], found[2])
        elif found := re.fullmatch(r"> (\w+) asks /([\w-]+)", line):
            await surface.command(found[1], found[2])
        elif found := re.fullmatch(r"> (\w+) fills in", line):
            await surface.fill(found[1], {q: self._filled(a) for q, a in act.values.items()})
        elif found := re.fullmatch(r"> (\w+) looks", line):
            pass
        else:
            raise AssertionError(f"no such act: {line}")
        await self._world.settle()
        return list(await surface.seen(found[1]))

    async def _public(self, surface: Any, place: str | None, who: str | None) -> list[str]:
        """What stands in a channel; in the general one, after someone added Erbij."""
        if who:
            await surface.add(who)
        return list(await surface.posts(place or "general"))

    def _filled(self, line: str) -> str:
        for name, value in self._known.items():
            line = line.replace(f"{{{name}}}", value)
        return line

    def _learned(self, line: str, want: str) -> str:
        """The line as it is, after learning from it what the story leaves open."""
        names = re.findall(r"\{(\w+)\}", want)
        pattern = re.escape(want)
        for name in dict.fromkeys(names):
            pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{SHAPES[name]})", 1)
            pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P={name})")
        if names and (found := re.fullmatch(pattern, line)):
            self._known.update(found.groupdict())
        return line

    def _hidden(self, line: str) -> str:
        """The line with its random parts named, learned at their first appearance."""
        for name in ("receipt", "code"):
            if re.fullmatch(SHAPES[name], line):
                self._known.setdefault(name, line)
        for name, shape in SHOWN_AS.items():
            if found := re.search(shape, line):
                self._known.setdefault(name, found[0])
        for name, value in self._known.items():
            line = line.replace(value, f"{{{name}}}")
        return line


@cache
def _role_questions(form: type[Form]) -> set[str]:
    """The questions after a role that need not be given."""
    found: set[str] = set()
    for each in form.__subclasses__():
        picks = (one for one in each.questions.values() if isinstance(one, Pick) and not one.required)
        found |= {f"? {said(one.text, language)}" for one in picks if one.what == "role" for language in LANGUAGES}
        found |= _role_questions(each)
    return found


def drawn_alike(lines: list[str]) -> list[str]:
    """What must be the same on every surface: texts, cards, choices, and a form's title, every question and button.

    Left out is only what a surface needs to open a form or to send it: the first button below its questions, the window
    that Teams offers beside it, and Discord's further pages of one menu.
    """
    kept: list[str] = []
    sends = False
    for line in lines:
        if line.startswith("? "):
            sends = True
            if kept[-1:] != [line]:
                kept.append(line)
        elif sends and line.startswith("["):
            sends = False
        elif line not in WINDOWS and not re.fullmatch(r"\[.+ \(\d\)\]", line):
            kept.append(line)
    return kept
