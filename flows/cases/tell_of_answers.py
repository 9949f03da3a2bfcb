"""Telling of answers: at set moments of the day, everyone who wants to know and was answered hears so at once.

Not when the mentor answers: a message at that very moment, or stored in the same transaction, would say whose case it
was. A minute's answers wait for the next moment, so that no turn under way is missed and none is told of at once.
"""

from flows.engine import Asked, Start, Steps, job
from flows.words import _
from storage import case_news

MINUTE = 60 * 1000


@job("tell_of_answers")
async def tell_of_answers(steps: Steps) -> None:
    """One message to each of them, in random order, of which nothing is kept."""
    now = await steps.now("now")
    for number, who in enumerate(await steps.do("members", case_news.take, steps.community, now - MINUTE)):
        await steps.post(
            f"tell.{number}",
            _("A mentor answered you. Use your six words to read it."),
            Start("follow_up", "", _("Read the answer")),
            member=who.member,
            account=who.account,
            fleeting=True,
            why=Asked(),
        )
