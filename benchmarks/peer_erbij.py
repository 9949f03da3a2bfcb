"""The five questions in Erbij, as peers.py asks for them: one by one, and as its own check-in asks them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peer
from turns import Bench

from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from flows.catalogue import catalogue
from flows.check_ins.check_in import CheckIn
from flows.engine import EVERYONE, Chat, Choice, flow
from flows.seam import Buttons, Filled, Form, Incoming, Person, Pressed, Reply, Space, Text
from flows.words import Msg
from storage import check_ins
from storage.database import Database
from storage.statement import Session

NUMBERS = tuple(Choice(str(number), str(number)) for number in range(1, 6))


@flow("five_questions", who=(EVERYONE,))
async def five_questions(chat: Chat) -> None:
    """The same as the peers ask: each question waits for its own answer."""
    for name in peer.QUESTIONS:
        await chat.ask(name, CheckIn.questions[name].text, NUMBERS)
    chat.say(Msg(peer.THANKS))


class Students:
    """Students who answer through the door that every adapter knocks at."""

    def __init__(self, database: Database, round_: str) -> None:
        found = catalogue()
        found.flows[five_questions.name] = five_questions
        self.runtime = Runtime(database, found, Clock(), Metrics())
        self.round = round_

    async def give(self, person: str, number: int, act: Any) -> Reply:
        return await self.runtime.receive(Incoming(f"{person}.{number}", Space("web", "bench"), Person(person), act))

    async def questions(self, person: str) -> int:
        """Six turns: the start and five answers."""
        reply = await self.give(person, 0, Pressed("s.five_questions."))
        for number, _name in enumerate(peer.QUESTIONS, 1):
            four = next(p for p in reply.parts if isinstance(p, Buttons)).buttons[3]
            reply = await self.give(person, number, Pressed(four.id))
        return _ended(reply, 6)

    async def check_in(self, person: str) -> int:
        """Three turns: the start, the form with its five answers, the confirmation."""
        reply = await self.give(person, 0, Pressed(f"s.check_in.{self.round}"))
        form = next(part for part in reply.parts if isinstance(part, Form))
        reply = await self.give(person, 1, Filled(form.id, dict.fromkeys(peer.QUESTIONS, 4) | {"remark": None}))
        send = next(p for p in reply.parts if isinstance(p, Buttons)).buttons[0]
        return _ended(await self.give(person, 2, Pressed(send.id)), 3)


def _ended(reply: Reply, turns: int) -> int:
    if not (isinstance(reply.parts[0], Text) and reply.parts[0].text.startswith("Thank you.")):
        raise AssertionError("the questions did not come to their end")
    return turns


def opened(session: Session, community: str) -> str:
    """A round that is open by the real clock."""
    now = Clock().now()
    return check_ins.open_round(session, community, now, now + 10**9)


def start(folder: Path) -> dict[str, peer.Walk]:
    bench = Bench(f"sqlite:///{folder / 'erbij.sqlite3'}")
    students = Students(bench.database, bench.database.run_now(lambda s: opened(s, bench.community)))
    return {"questions": students.questions, "check_in": students.check_in}


if __name__ == "__main__":
    peer.serve(start)
