"""Cases: a student tells what happened, without a name; mentors read and answer; the answer finds its way back."""

from flows.cases.belonging_case import belonging_case, keep_receipt
from flows.cases.case_list import case_list
from flows.cases.case_work import answer_case, case, claim_case, close_case, note_case
from flows.cases.doorbell import DOORBELL
from flows.cases.follow_up import follow_up, take_back, write_more
from flows.cases.given_back import cases_given_back
from flows.cases.handing_on import give_back_case, take_over_case
from flows.cases.hear_back import hear_back
from flows.cases.moments import MOMENTS
from flows.cases.patience import AT, LATEST, REMINDERS
from flows.cases.readers import CASES, READS, WHO_READS
from flows.cases.release import release_cases
from flows.cases.reminders import remind_of_cases
from flows.cases.tell_of_answers import tell_of_answers
from flows.engine import Capability, Command, Held, Recurring, Section
from flows.words import Msg, _


def in_a_line(values: dict[str, str]) -> Msg:
    """Where cases are told, and who reads them."""
    return Msg("{where} · {who}", {one.name: one.shown(values[one.name]) for one in (DOORBELL, WHO_READS)})


capability = Capability(
    "cases",
    flows=(
        belonging_case,
        keep_receipt,
        hear_back,
        follow_up,
        write_more,
        take_back,
        case,
        claim_case,
        answer_case,
        note_case,
        close_case,
        give_back_case,
        take_over_case,
        case_list,
    ),
    jobs=(release_cases, tell_of_answers, cases_given_back, remind_of_cases),
    commands=(
        Command(
            word=_("tell"),
            about=_("tell the mentors what happened, without your name"),
            button=_("Tell what happened"),
            flow="belonging_case",
        ),
        Command(
            word=_("answer"),
            about=_("read the answer to something you told, with your six words"),
            button=_("Read an answer"),
            flow="follow_up",
        ),
        Command(
            word=_("cases"),
            about=_("the open cases, and who takes care of them"),
            button=_("See the open cases"),
            flow="cases",
        ),
    ),
    settings=(Section("cases", _("Cases"), (DOORBELL, WHO_READS), summary=in_a_line), REMINDERS),
    roles=(READS,),
    purposes=(CASES,),
    # Told first, released then: releasing destroys the address of a closed case once its student was told.
    recurring=(
        Recurring(job="tell_of_answers", cron=MOMENTS, seen=_("News of answers, for students")),
        Recurring(job="release_cases", cron=MOMENTS, seen=_("New stories, for the mentors")),
        Recurring(job="remind_of_cases", cron=AT, until_hours=LATEST, seen=_("Reminders of cases that wait")),
    ),
    held=(
        Held("cases", _("Cases you take care of")),
        Held("case_acts", _("What you did with cases")),
    ),
)
