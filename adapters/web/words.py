"""The web's own words: everything on a page that no flow says."""

from __future__ import annotations

from collections.abc import Callable

from adapters.fit import NO_ANSWER
from flows.words import Msg, _, said

CHROME: dict[str, Msg] = {
    "language": _("Language"),
    "back_to_board": _("Back to the overview"),
    # the board
    "board_title": _("Erbij, the try-out"),
    "board_lead": _(
        "A made-up community of teacher education, year 1. Be a student, a mentor and a team lead "
        "at the same time, and see what each of them sees. Nothing here is real: nobody gets a message."
    ),
    "clock": _("Erbij’s clock"),
    "clock_tryout": _("Only in the try-out"),
    "clock_now": _("It is now"),
    "hour": _("1 hour on"),
    "day": _("1 day on"),
    "next": _("Skip to the next event"),
    "moved": _("The clock moved on. It is now {time}."),
    "failed": _("That did not work. Please try again."),
    "panels": _("Who to show"),
    "be": _("You are"),
    "alone": _("Open in its own window"),
    "case_page": _("Erbij’s page, without an account"),
    "no_script": _("The chat of the try-out needs JavaScript. Erbij’s page does without."),
    # one window
    "channels": _("Channels"),
    "private": _("Erbij"),
    "private_about": _("Your private chat. Only you see this."),
    "channel_about": _("Everyone in this channel sees this. When you press a button, only you see the answer."),
    "empty": _("Nothing here yet."),
    "new": _("{n} new"),
    "messages_in": _("Messages in {name}"),
    "composer": _("Your message to Erbij"),
    "composer_hint": _("A message, or /help"),
    "send": _("Send"),
    "you": _("You"),
    "not_sent": _("This was not sent. What you wrote is still here."),
    "again": _("Try again"),
    "copy": _("Copy"),
    "copied": _("Copied"),
    "picture": _("Save as a picture"),
    "offline": _("The connection is gone. Erbij tries to get it back."),
    # forms
    "no_answer": NO_ANSWER,
    "choose": _("Choose"),
    "elsewhere": _("This can be chosen in Discord or in Microsoft Teams only. Please ask Erbij there."),
    "count": _("{n} of {most} characters"),
    "most": _("At most {most} characters."),
    "problem": _("Please check your answers"),
    "problem_title": _("Please check: {title}"),
    # the case page
    "case_title": _("Tell what happened"),
    "case_lead": _(
        "Did something happen, and did you or someone else not feel at home because of it? "
        "Tell the mentors here. You need no account."
    ),
    "case_no_trace": _(
        "This page sets no cookies and runs no scripts. Before the first question you read who can know what."
    ),
    "case_start": _("Tell what happened"),
    "case_back": _("I told something before"),
    "case_back_lead": _("With your six words you can read the mentors’ answer, and write more."),
    "case_follow": _("Continue with your six words"),
    "case_leave": _("Back to the beginning"),
    "case_said": _("Message from Erbij"),
    "case_not_saved": _("That did not work yet"),
    "closed": _("This step is over"),
    "closed_lead": _(
        "You finished it, or it was open for more than half an hour. What you gave to the mentors is saved. "
        "Here you can begin again."
    ),
    "again_words": _("What you wrote is still here:"),
    "again_send": _("Send it again"),
    "privacy": _("Privacy"),
    "terms": _("Terms of use"),
    # the front page
    "front_title": _("Erbij"),
    "front_lead": _(
        "Erbij is the chatbot of a belonging programme for students. You find it where your community talks: "
        "on Discord or in Microsoft Teams."
    ),
    "front_case": _(
        "Does your community also use Erbij’s page for telling what happened? Its address ends in /c/"
        " and the name of your community."
    ),
    # when it does not go well
    "problem_404": _("This page is not here"),
    "problem_404_lead": _("Perhaps the address was not copied completely. Please copy it again from where you got it."),
    "problem_403": _("This did not come from this page"),
    "problem_403_lead": _(
        "Another website, or a browser that does not say where a form came from, sent this. "
        "To protect you it was not accepted, and nothing was saved. "
        "Please open this page again and send it from there."
    ),
    "problem_408": _("That took too long"),
    "problem_408_lead": _(
        "What you sent did not arrive completely, and nothing was saved. "
        "Perhaps the connection is bad here. Please try it again in a moment."
    ),
    "problem_413": _("That is more than fits"),
    "problem_413_lead": _("The text was far too long for this page, and nothing was saved. Please send a shorter one."),
    "problem_421": _("This is not Erbij’s address"),
    "problem_421_lead": _(
        "Erbij answers at one address only, and the one in your browser is another. "
        "Please use the address that your community gave to everyone. Nothing was saved."
    ),
    "problem_429": _("Please wait a moment"),
    "problem_429_lead": _("Nothing was saved. Please wait a minute and try again."),
    "problem_500": _("Something went wrong on our side"),
    "problem_500_lead": _("It was not saved. Please try again in a moment."),
    "problem_503": _("Too much is going on right now"),
    "problem_503_lead": _("Nothing was saved. Please try again in a moment."),
    "problem_other": _("That did not work"),
    "problem_other_lead": _("Nothing was saved. Please open the page again."),
}


def chrome(language: str) -> Callable[..., str]:
    """Speak the web's words in one language: ``chrome("nl")("send")``; keywords fill placeholders."""

    def t(key: str, **args: object) -> str:
        msg = CHROME[key]
        return said(Msg(msg.text, dict(args), msg.many), language)

    return t
