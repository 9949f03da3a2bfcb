"""Release: at set moments of the day cases go to the mentors together, so that no hour points to a person."""

from dataclasses import dataclass, replace

from flows.cases.post import case_name, post_of, read_button, read_buttons
from flows.cases.readers import hears, place
from flows.engine import Duty, Steps, job
from flows.words import _, listed
from storage import case_release, cases, communities
from storage.cases import CaseLine
from storage.staff_cases import post_subject
from storage.statement import Session

NEW, TAKEN_BACK, WRITTEN_ON, FREE = "new", "taken_back", "written_on", "written_on_free"


@dataclass(frozen=True, slots=True)
class Released:
    """A case that mentors must hear of, and what there is to hear."""

    case: CaseLine
    news: str
    tell: bool = True
    """Whether who takes care of it may hear of it privately."""


@job("release_cases")
async def release_cases(steps: Steps) -> None:
    """Post every case that came in, was written on or taken back since the last moment; in random order."""
    now = await steps.now("now")
    released = await steps.do("release", release, steps.community, now)
    for number, one in enumerate(released):
        case = one.case
        stands = post_of(case.id, one.news, case.holder_name)
        await steps.post(f"post.{number}", *stands, place=place(steps), subject=post_subject(case.id), why=Duty())
        if case.holder and one.tell:
            await steps.post(
                f"tell.{number}",
                _("The student wrote more in case {case}.", case=case_name(case.id)),
                read_button(case.id),
                member=case.holder,
                why=Duty(),
            )
    # Whose mentor hears of it privately is told; else nobody would be, because a changed post is quiet.
    free = [one.case.id for one in released if one.news == FREE]
    if free:
        names = listed(case_name(case) for case in free)
        said = _("The student wrote more, and nobody takes care of it yet: {cases}. Who takes it?", cases=names)
        await steps.post("news", said, *read_buttons(free), place=place(steps), why=Duty())


def release(session: Session, community: str, now: int) -> list[Released]:
    """Open what waits; the cases that the mentors must hear of."""
    before = cases.every(session, community)
    touched = case_release.release(session, community)
    today = communities.day(session, community, now)
    for case in touched:
        case_release.wait(session, community, case, today)
    known = {line.id: line for line in cases.listing(session, community)}
    found = [_released(case, known.get(case), new=case not in before) for case in touched]
    return [replace(one, tell=bool(one.case.holder) and hears(session, community, one.case.holder)) for one in found]


def _released(case: str, line: CaseLine | None, *, new: bool) -> Released:
    if line is None:
        return Released(CaseLine(case, TAKEN_BACK, 0, "", ""), TAKEN_BACK)
    return Released(line, NEW if new else WRITTEN_ON if line.holder else FREE)
