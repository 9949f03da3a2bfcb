"""Help: what this person can do here, as buttons, and whom else they can turn to."""

from flows.engine import EVERYONE, NO_ACCOUNT, Chat, Context, Start, flow, offers, panel
from flows.words import _
from storage.statement import Session


@flow("help", who=(EVERYONE, NO_ACCOUNT))
async def help_(chat: Chat) -> None:
    """All that is open to this person."""
    chat.say(_("I am Erbij. I ask how it is going for you here, and I bring stories to the mentors without names."))
    for way in await chat.look("ways", ways, chat.context):
        chat.show(way)
    chat.show(panel.whole(chat.context))


def ways(session: Session, context: Context) -> list[Start]:
    """A button for each thing."""
    from flows.catalogue import catalogue  # here, because the catalogue holds this flow

    return offers.everything(session, catalogue(), context)
