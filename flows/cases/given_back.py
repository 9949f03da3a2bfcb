"""Cases whose mentor is no longer there: they go back to the mentors, who hear of it in their channel."""

from flows.cases.post import case_name, post_of, read_buttons
from flows.cases.readers import place
from flows.engine import Duty, Steps, job
from flows.words import _, listed, n_
from storage import cases
from storage.staff_cases import GIVEN_BACK, post_subject
from storage.statement import Session


@job(GIVEN_BACK, shares=True)
async def cases_given_back(steps: Steps, ids: str) -> None:
    """Each post says that its case is free again; one new message names them all, because a changed post is quiet."""
    free = await steps.do("free", still_free, steps.community, ids)
    for number, case in enumerate(free):
        await steps.post(
            f"post.{number}", *post_of(case, "given_back"), place=place(steps), subject=post_subject(case), why=Duty()
        )
    if free:
        names = listed(case_name(case) for case in free)
        await steps.post(
            "news",
            n_(
                "A case has nobody who takes care of it any more: {cases}. Type “{word}” to read it and take it.",
                "{n} cases have nobody who takes care of them any more: {cases}. Type “{word}” to read and take them.",
                len(free),
                cases=names,
                word=_("cases"),
            ),
            *read_buttons(free),
            place=place(steps),
            why=Duty(),
        )


def still_free(session: Session, community: str, ids: str) -> list[str]:
    """Those of these cases, with commas between, that nobody took in the meantime."""
    return [case for case in ids.split(",") if cases.holder(session, community, case) == ""]
