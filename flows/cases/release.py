"""Release: at set moments of the day cases go to the mentors together, so that no hour points to a person."""

from flows.cases.post import case_name, post_of, read_button
from flows.engine import Steps, job
from flows.words import _
from storage import case_telling, cases
from storage.cases import CaseLine
from storage.staff_cases import post_subject
from storage.statement import Session

TAKEN_BACK = "taken_back"


@job("release_cases")
async def release_cases(steps: Steps) -> None:
    """Post every case that came in, was written on or taken back since the last moment; in random order."""
    for number, case in enumerate(await steps.do("release", release, steps.community)):
        news = case.status if case.status in ("new", TAKEN_BACK) else "written_on"
        await steps.post(
            f"post.{number}", *post_of(case.id, news, case.holder_name), place="mentors", subject=post_subject(case.id)
        )
        if case.holder:
            await steps.post(
                f"tell.{number}",
                _("The student wrote more in case {case}.", case=case_name(case.id)),
                read_button(case.id),
                member=case.holder,
            )


def release(session: Session, community: str) -> list[CaseLine]:
    """Open what waits; the cases that the mentors must hear of."""
    touched = case_telling.release(session, community)
    known = {line.id: line for line in cases.listing(session, community)}
    return [known.get(case) or CaseLine(case, TAKEN_BACK, 0, "", "") for case in touched]
