"""Record the conversations in tests/journals: where a person can be in the middle of, in today's flows.

Run it when a version is released (`uv run python scripts/journals.py 0.1`); recorded files are never written again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from flows.catalogue import catalogue
from flows.engine import Context, Conversation, Run
from flows.engine.chat import Step
from flows.engine.conversation import ARGUMENT, FLOW
from flows.engine.fields import Day, Line, Number, Options, Pick, Question, Scale, Several, Time, YesOrNo

HERE = Path(__file__).parents[1] / "tests" / "journals"
CONTEXT = Context(
    community="c",
    community_name="Year 1",
    member="m",
    roles=frozenset({"student", "mentor", "coordinator"}),
    account="discord:1",
)
BOTH = ["discord:1", "teams:2"]
CARRIED = "A" * 64
"""A case in a button that is too old, so that the six words are asked."""
WORDS = "bado kemi lina tiva sore mapi"
PICKED = {"id": "1", "name": "one", "can_post": False, "open_to_all": False}
FLOWS = {
    "check_in": "r",
    "belonging_case": "",
    "follow_up": "",
    "write_more": CARRIED,
    "take_back": CARRIED,
    "language": "",
    "link": "",
    "enter_code": "",
    "unlink": "",
    "forget_me": "",
    "setup": "",
    "setup_group": "mentors",
    "setup_coordinators": "",
    "setup_reminders": "",
    "setup_join": "",
}
SET_UP = {"slug": "s", "language": "en", "time_zone": "UTC", "places": [], "grants": []}
PATIENCE = {"usual": None, "mentors": 1}
OLD, DONE = {"came": "unknown", "carried": ""}, {"came": "done", "carried": CARRIED}
BY_WORDS = {"receipt.0": {"salt.0": "00" * 16}, "tag.0": {"done_with_words.0": DONE}}
EFFECTS: dict[str, dict[str, dict[str, Any]]] = {
    "check_in": {
        "": {"now": 1, "round": {"id": "r", "opens_at": 0, "closes_at": 10}, "took_part": False},
        "confirm": {"cast": "saved"},
    },
    "belonging_case": {
        "confirm": {"room.0": True, "salt": "00" * 16},
        "tag": {"save": CARRIED, "hide": WORDS},
    },
    "follow_up": {"receipt.0": {"salt.0": "00" * 16}, "tag.0": {"find": None}},
    "write_more": {"more.0": {"done.0": OLD}, **BY_WORDS},
    "take_back": {"sure": {"done.0": OLD}, **BY_WORDS},
    "hear_back": {"where": {"done.0": OLD}, **BY_WORDS, "tag.0": {"done_with_words.0": DONE, "usual": PATIENCE}},
    "language": {"language": {"set": None}},
    "link": {"": {"mine": BOTH}},
    "show_code": {"": {"code": "7K3M-Q2XW"}, "next": {"news": "joined"}},
    "enter_code": {"code.0": {"join.0": {"outcome": "joined", "account": "teams:2"}}},
    "write_to": {"": {"mine": BOTH}, "account": {"set": None}},
    "unlink": {"": {"mine": BOTH}, "leaves": {"split": "n"}},
    "forget_me": {"": {"who": "other"}, "sure": {"forget": "forgotten"}},
    "setup": {"": {"now": SET_UP | {"name": ""}}},
    "setup_about": {
        "": {"today": {"name": "", "language": "en", "time_zone": "UTC"}},
        "about": {"keep": None},
    },
    "setup_group": {"": {"today": SET_UP | {"name": "Year 1"}}, "sure": {"place": None, "people": None}},
    "setup_coordinators": {"": {"today": SET_UP | {"name": "Year 1"}, "mine": []}, "sure": {"people": None}},
    "setup_reminders": {"": {"values": {"mentors": "1", "coordinators": "2"}}, "chosen": {"keep": None}},
    "setup_join": {"given": {"join": "Year 1"}},
}
"""What the effects gave, by flow and by the answer after which they happen: there is no database here."""


done: set[str] = set()
"""Flows that were recorded in this run: one can lead back to an earlier one."""


def answer(step: Step[Any]) -> Any:
    """Something that fits."""
    if step.kind == "ask":
        return step.data[1][0].value
    if step.kind == "fill" and not step.kept:
        return {"words": WORDS}
    if step.kind == "fill":
        return {name: fitting(question) for name, question in step.data[0].questions.items()}
    return "00" * 32


def fitting(question: Question) -> Any:  # noqa: PLR0911  one line for each kind
    """Something that fits a field of a form."""
    match question:
        case Scale() | Number():
            return question.low + 1
        case Line():
            return "Some words."
        case Options(choices=((value, _label), *_others)):
            return value
        case Several(choices=((value, _label), *_others)):
            return [value]
        case YesOrNo():
            return True
        case Day():
            return question.earliest or "2027-03-12"
        case Time():
            return "14:30"
        case Pick():
            return [PICKED] if question.many else PICKED
    raise TypeError(type(question).__name__)


def record(name: str, argument: str, version: str) -> None:
    """One file for each place where the conversation can wait, here and in the flow that it hands over to."""
    done.add(name)
    journal: dict[str, Any] = {FLOW: name, ARGUMENT: argument}
    effects = EFFECTS.get(name, {})
    journal |= effects.get("", {})
    run = Run(catalogue().flows[name], CONTEXT, Conversation(journal), now=5)
    run.go()
    while run.pending is not None:
        waits = run.pending.key
        data = {"waits_for": waits, "journal": dict(run.journal)}
        path = HERE / f"{version}-{name}-{waits}.json"
        if run.waits_at == waits and not path.exists():
            path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
        run.journal.update(effects.get(waits, {}))
        run.answer(answer(run.pending))
    if run.next is not None and run.next[0] not in done:
        record(*run.next, version)


if __name__ == "__main__":
    for each, what in FLOWS.items():
        record(each, what, sys.argv[1])
