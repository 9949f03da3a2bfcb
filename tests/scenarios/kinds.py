"""A small capability that asks every kind of question, in somebody's own words, and lists what is of any length."""

from __future__ import annotations

from flows.catalogue import capabilities
from flows.engine import Capability, Catalogue, Chat, Choice, Command, Entry, Questions, Shown, anywhere, flow
from flows.engine.fields import Day, Line, Number, Options, Scale, Several, Time, YesOrNo
from flows.words import Msg, _

CHOICES = (("a", "Back"), ("b", "Stop"), ("c", "Nothing"))
ASKED = Questions(
    "Our day together",
    {
        "mood": Scale(text="How is it going?", low_label="badly", high_label="well", required=False),
        "way": Options(text="Which way?", choices=CHOICES, required=False),
        "food": Several(text="What can you eat?", choices=CHOICES, required=False),
        "come": YesOrNo(text="Will you come?", required=False),
        "words": Line(text="What else?", most=20, required=False),
        "guests": Number(text="How many guests?", low=0, high=2000),
        "when": Day(text="On which day?", earliest="2026-12-01", latest="2027-11-30"),
        "at": Time(text="At what time?"),
    },
    submit="Off you go",
)
COUNT = [500]
"""How long the list is."""


@flow("every_kind", who=("student",))
async def every_kind(chat: Chat) -> None:
    """All of them, and once more to empty what may be empty."""
    done = await chat.fill("first", ASKED)
    chat.show(Shown(done.form.title, done.rows()))
    await chat.ask("again", "Once more?", [Choice("yes", "Once more")])
    done = await chat.fill("second", ASKED, done.answers)
    chat.show(Shown(done.form.title, done.rows()))


@flow("numbers", who=("mentor",), subject=anywhere)
async def numbers(chat: Chat, at: str) -> None:
    """Numbers, as many as there are."""
    chat.list("Numbers", (Entry(f"{n:04}", str(n), f"no. {n}") for n in range(COUNT[0])), flow="numbers", at=at)


def known() -> Catalogue:
    """Everything that Erbij can do, and this."""
    mine = Capability(
        "kinds",
        flows=(every_kind, numbers),
        commands=(
            Command(Msg("kinds"), _("stop what you are doing: nothing of it is stored"), _("Stop"), "every_kind"),
            Command(Msg("numbers"), _("stop what you are doing: nothing of it is stored"), _("Stop"), "numbers"),
        ),
    )
    return Catalogue([*capabilities(), mine])
