"""SIGKILL at any point of a turn: every confirmed case is there once, none doubled, none half."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from bot.time import Clock
from flows.cases import receipt
from flows.catalogue import catalogue
from flows.engine.timers import found_community
from flows.seam import Act, Arrived, Buttons, Card, Command, Filled, Form, Incoming, Person, Pressed, Reply, Space
from storage import cases, communities
from storage.database import Database
from storage.keys import Masters
from storage.statement import Session
from tests.chaos import worker

KILLS = {"sqlite": 100, "postgresql": 30}
LONGEST_MS = 80
"""A process lives up to this long once it has opened its database: a few turns of every student."""
STUDENTS = 6
QUESTIONS = 6
SPACE = Space("web", "chaos")
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload([worker.__name__])


@dataclass
class Student:
    """Tells one case after another, and repeats what got no answer, as a platform would."""

    name: str
    numbers: itertools.count[int]
    last: bool = False
    acts: deque[Incoming] = field(default_factory=deque)
    """What is still to do; the first of them waits for its answer."""
    told: list[str] = field(default_factory=list)
    receipts: set[str] = field(default_factory=set)
    pressed: set[str] = field(default_factory=set)

    def next(self) -> Incoming | None:
        """The event to send: the one that was not answered, or a new case."""
        if not self.acts and not self.last:
            self.do(Command("tell"))
        return self.acts[0] if self.acts else None

    def do(self, act: Act) -> None:
        self.acts.append(Incoming(f"{self.name}.{next(self.numbers)}", SPACE, Person(self.name), act))

    def hear(self, event: str, reply: Reply) -> None:
        if not self.acts or event != self.acts[0].event or not reply.saved:
            return
        self.acts.popleft()
        for part in reply.parts:
            match part:
                case Card("Your receipt", ((_, shown),)):
                    self.receipts.add(shown)
                case Form(id=form, fields=fields) if form not in self.pressed:
                    self.pressed.add(form)
                    self.told.append(f"told by {self.name} {next(self.numbers)}")
                    self.do(Filled(form, {one.name: self.told[-1] for one in fields}))
                case Buttons(buttons):
                    forward = next(one.id for one in buttons if one.kind == "primary")
                    if forward not in self.pressed:
                        self.pressed.add(forward)
                        self.do(Pressed(forward))
                case _:
                    pass


def test_whatever_is_killed_when_every_confirmed_case_is_there_once(url: str, master_key: str) -> None:
    kind = url.split(":", 1)[0]
    community = _found(url, master_key)
    numbers = itertools.count()
    students = [Student(f"student{n}", numbers) for n in range(STUDENTS)]
    chance = random.Random(20261121)
    for _ in range(KILLS[kind]):
        _live(url, master_key, students, chance.uniform(0, LONGEST_MS) / 1000)
    for one in students:
        one.last = True
        one.do(Arrived())  # a receipt whose answer was lost with its process waits to be shown
    _live(url, master_key, students, 60)
    assert not any(one.acts for one in students)

    told = [text for one in students for text in one.told]
    receipts = set().union(*(one.receipts for one in students))
    assert len(told) > STUDENTS
    _check(url, master_key, community, told, receipts)


def _live(url: str, key: str, students: list[Student], seconds: float) -> None:
    """One process's life: it serves until its time has come, or nobody wants anything more."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=worker.serve, args=(theirs, url, key), daemon=True)
    process.start()
    theirs.close()
    try:
        _talk(ours, students, seconds)
    finally:
        _kill(process)
        _rest(ours, students)
        ours.close()


def _talk(door: Connection, students: list[Student], seconds: float) -> None:
    sent: set[str] = set()
    until = None
    while until is None or time.monotonic() < until:
        for one in students:
            incoming = one.next()
            if incoming is not None and incoming.event not in sent:
                sent.add(incoming.event)
                door.send(incoming)
        if not any(one.acts for one in students):
            return
        if door.poll(60 if until is None else max(0, until - time.monotonic())):
            _hear(students, *door.recv())
        # The clock starts at the first answer, so that a slow start is not all that is ever killed.
        until = until or time.monotonic() + seconds


def _kill(process: ForkServerProcess) -> None:
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    process.close()


def _rest(door: Connection, students: list[Student]) -> None:
    """Answers that were on their way when the process died."""
    try:
        while door.poll(0):
            _hear(students, *door.recv())
    except (EOFError, ConnectionResetError):
        pass


def _hear(students: list[Student], event: str, reply: Reply) -> None:
    for one in students:
        one.hear(event, reply)


def _found(url: str, key: str) -> str:
    def found(s: Session) -> str:
        community = found_community(s, catalogue(), "chaos", "Chaos", "en", "UTC", Clock().now())
        communities.add_space(s, community, SPACE.platform, SPACE.id)
        return community

    database = Database(url, Masters(key))
    database.open()
    community = database.run_now(found)
    database.close()
    return community


def _check(url: str, key: str, community: str, told: list[str], receipts: set[str]) -> None:
    def look(s: Session) -> None:
        salt = receipt.salt(s)
        opened = [cases.by_receipt(s, community, receipt.tag(words, salt)) for words in receipts]
        by_receipt = {view.id: view.text for view in opened if view}
        assert len(by_receipt) == len(receipts) == len(told)
        assert all(len(text) == QUESTIONS for text in by_receipt.values())
        assert sorted(sorted(set(text.values())) for text in by_receipt.values()) == sorted([text] for text in told)
        assert sorted(cases.release(s, community)) == sorted(by_receipt)
        stored = {line.id: cases.read(s, community, line.id) for line in cases.listing(s, community)}
        assert {case: view and view.text for case, view in stored.items()} == by_receipt

    database = Database(url, Masters(key))
    database.open()
    try:
        database.run_now(look)
    finally:
        database.close()
