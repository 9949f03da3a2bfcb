"""The standing post: buttons in the students' channel, so that nobody has to know a word.

Every morning it is drawn once more in its place. Where somebody deleted it, or chose another channel, it comes anew.
Where it is not wanted any more, or stood before, a few words without buttons take its place.
"""

from flows.basics.programme import WELCOME as WANTED
from flows.engine import Asked, Start, Steps, job
from flows.words import _
from storage.statement import Session

WELCOME = "welcome"
GONE = _(
    "The buttons that stood here are gone. You can still tell the mentors what happened, without your name: write me "
    "“{tell}”.",
    tell=_("tell"),
)
"""What stands in the place of the post afterwards."""


@job(WELCOME, shares=True)
async def welcome(steps: Steps) -> None:
    """The post, on each platform, if the setup wants it. All of its buttons are for everyone who can read it."""
    if not await steps.do("wanted", wanted, steps.community):
        return
    await steps.post(
        "post",
        _(
            "Did something happen here because of which you, or someone else, did not feel at home? You can tell the "
            "mentors, without your name. When you press a button, nobody else here sees it."
        ),
        Start("belonging_case", "", _("Tell what happened")),
        Start("follow_up", "", _("Read an answer"), "plain"),
        Start("help", "", _("More"), "plain"),
        place="students",
        subject=WELCOME,
        why=Asked(),
    )


def wanted(session: Session, community: str) -> bool:
    """Whether the community wants it."""
    return bool(WANTED.read(session, community) == "yes")
