"""My data: what is stored that names this person, in plain words; and what is not there, and why."""

from typing import Any

from flows.engine import EVERYONE, Chat, Shown, flow
from flows.words import _
from storage import forgetting
from storage.keeping import Person
from storage.statement import Session

FORGET = _("forget me")


@flow("my_data", who=(EVERYONE,), makes_known=False)
async def my_data(chat: Chat) -> None:
    """A line for each thing that each capability says it holds. Nothing waits, so nothing of this is kept."""
    from flows.catalogue import catalogue  # here, because the catalogue holds this flow

    stored = await chat.do("stored", known_of, chat.community, chat.member, chat.account)
    lines = [(one.label, one.text(stored[one.key])) for one in catalogue().held if one.key in stored]
    told = [(label, text) for label, text in lines if text]
    nothing = not chat.member and not stored["roles"]
    if nothing:
        chat.say(_("Nothing is stored with your name or account."))
    else:
        chat.show(Shown(_("What is stored with your name or account"), told))
    for sentence in NOT_THERE:
        chat.say(sentence)
    if nothing:
        return
    chat.say(_("To have all of it erased, type “{forget}”.", forget=FORGET))


def known_of(session: Session, community: str, member: str, account: str) -> dict[str, Any]:
    """What storage has of somebody, by what it is; of who is no member, by the account that others named."""
    person = forgetting.of_member(session, community, member) if member else Person(community, None, (account,))
    return forgetting.export(session, person)


NOT_THERE = (
    _(
        "What you told or answered is stored without your name, so I cannot find it and it is not in this list; nor is "
        "whether you asked to hear of an answer."
    ),
    _(
        "With your six words you can read what you told, and take back and erase it: type “{answer}”.",
        answer=_("answer"),
    ),
)
