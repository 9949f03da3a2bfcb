"""Who reads cases. It is a right of its own: it comes with the role of a mentor, until the coordinators narrow it."""

from flows.engine import Purpose, Role, Setting, Steps, options
from flows.engine.declared import Chosen
from flows.words import _
from storage import audiences, members, roster, settings
from storage.statement import Session

READER = "case_reader"
READERS = (READER,)
"""Who may start what shows a case, or works on one."""
ALL, SOME = "mentors", "some"


def narrowed_or_not(session: Session, community: str, now: int) -> None:
    """Others read cases from now on: who did is asked for, and nobody counts as a reader by how they were last seen."""
    members.forget_role(session, community, READER)
    roster.again(session, community, now)


WHO_READS = Setting(
    "cases.who",
    ALL,
    options(
        _("Who reads cases?"),
        [(ALL, _("All mentors")), (SOME, _("Only those whom I choose"))],
        help=_("If only some do, they need a channel of their own, where cases are announced."),
    ),
    changed=narrowed_or_not,
)


def is_narrowed(chosen: Chosen) -> bool:
    """Whether only those who are given the right read cases."""
    return bool(WHO_READS.of(chosen) == SOME)


def hears(session: Session, community: str, member: str) -> bool:
    """Whether who takes care of a case may be told of it privately, by what is known of them just now."""
    if not is_narrowed(settings.chosen(session, community)):
        return True
    return audiences.holds(session, community, audiences.role(READER), "", member)


def place(steps: Steps) -> str:
    """The channel where cases are announced."""
    return CASES.kind if is_narrowed(steps.context.chosen) else "mentors"


READS = Role(
    READER,
    _("reader of cases"),
    _("those who read cases"),
    _("Readers of cases"),
    which=_("Which role do those who read cases have?"),
    who=_("Who reads cases?"),
    nobody=_("Nobody reads cases yet: a case would wait unread."),
    comes_with="mentor",
    narrowed=is_narrowed,
)
CASES = Purpose(
    "cases",
    READER,
    _("Readers of cases"),
    _("Which channel do those who read cases read?"),
    _("Cases are announced there."),
    _("Those who read cases have no channel yet: nobody hears that a case has come in."),
    staff_only=_("Everyone here can read {channel}, students too. Cases are announced there."),
    wanted=is_narrowed,
)
