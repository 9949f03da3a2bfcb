"""What everyone may know before they write anything: who can know what, and what Erbij is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.words import Msg, _

Section = tuple[Msg, tuple[Msg, ...]]
"""A heading and its paragraphs."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One page that only tells."""

    title: Msg
    sections: Sequence[Section]


PRIVACY = Notice(
    _("Privacy: who can know what"),
    (
        (
            _("In short"),
            (
                _("Erbij stores as little about you as it can, and stores what you answer apart from who you are."),
                _("Nothing is sold, nothing is used for advertising, and no marks or decisions depend on it."),
            ),
        ),
        (
            _("What is stored"),
            (
                _(
                    "About you: the number of your account on Discord or Microsoft Teams and how to reach it, your "
                    "community, and the language you chose. Of staff also their name, their roles, and what they did "
                    "with a case or with the setup. Never the name of a student."
                ),
                _(
                    "About a check-in: that you took part, until it closes, and what you answered, encrypted. Until "
                    "then, the people who run Erbij could find out with their key which answers are yours."
                ),
                _(
                    "When it closes, Erbij forgets who took part. Answers are opened only together: at least 5 "
                    "filled-in check-ins at a time, if need be from several weeks. What stays is how often each answer "
                    "was given and, apart from that and encrypted, what people wrote."
                ),
                _(
                    "About a story that you tell: its text, encrypted, and the day on which it came in. "
                    "No name, no account, no time. With your six words you find it again. For an hour at "
                    "most Erbij can show them to you again; then they are erased. When you come back with"
                    " them, neither they nor what you read is stored."
                ),
                _(
                    "If you choose to be told in the chat when a mentor answers: also how Erbij can reach"
                    " you there, encrypted, until the mentors close the case. Mentors cannot see it. The "
                    "people who run Erbij could open it with their key, and then see that this story is "
                    "yours."
                ),
                _(
                    "While you are answering: what you have filled in so far, encrypted. It is erased "
                    "when you are done or stop, and three days after your last answer at the latest. On "
                    "Erbij’s page nothing is stored before you send something."
                ),
            ),
        ),
        (
            _("Who can know what"),
            (
                _(
                    "The mentors of your community read what you tell, without your name. If the story "
                    "shows who you are, a mentor may recognise you."
                ),
                _(
                    "Answers to check-ins are not shown to anyone yet. In a small group, or where everyone answers the "
                    "same, counts alone could tell a lot."
                ),
                _(
                    "Discord or Microsoft pass on what you type there, and they know that you talk with "
                    "Erbij. They can store it by their own rules. What you write on Erbij’s page does not"
                    " reach them."
                ),
                _(
                    "The people who run Erbij hold the keys of the encryption. Someone who can look into the software "
                    "while it runs could see more than is stored."
                ),
                _("What Erbij writes down about its own work holds no texts and no names or numbers of people."),
                _(
                    "Erbij looks for a few words that sound like danger in what you write, to show you at once "
                    "who can help. It stores nothing of that. A mentor who opens a story with such words sees the same "
                    "numbers."
                ),
            ),
        ),
        (
            _("This website"),
            (
                _("Erbij’s page sets no cookies, runs no scripts and loads nothing from elsewhere."),
                _(
                    "With Back in your browser you see an earlier step again, for half an hour or until you are done. "
                    "On a computer that others use too, close the window when you are done."
                ),
                _(
                    "To slow down misuse, Erbij counts how often something is asked for from one internet address: for "
                    "an hour at most, and so that nobody can read the address."
                ),
            ),
        ),
        (
            _("How long"),
            (
                _("Your account, your language and, of staff, the name: until you have them erased."),
                _(
                    "A message to you: its text until it is delivered. That there was one: for 90 days. "
                    "What could not be delivered: 90 days. That a mentor answered you: until you were "
                    "told."
                ),
                _("Who changed the setup: a year."),
                _(
                    "That you took part in a check-in: until it closes. If 5 filled-in check-ins do not come together, "
                    "they are destroyed unopened after 20 weeks."
                ),
                _(
                    "Stories and answers: as long as your community decides. With your six words you can take back and "
                    "erase what you told. Then nobody can read it any more."
                ),
                _("Backups can hold what was erased a while longer."),
            ),
        ),
        (
            _("Your rights"),
            (
                _(
                    "To see what is stored with your name or account, type “{data}” to Erbij. To have it erased, type "
                    "“{forget}”: it goes at once, from all accounts that you linked.",
                    data=_("my data"),
                    forget=_("forget me"),
                ),
                _(
                    "What you told or answered stays, without your name. Do you want to take back and erase what you "
                    "told? Do that first, with your six words."
                ),
                _(
                    "Until a check-in closes that you took part in, a fingerprint of your account stays, from which "
                    "nobody can read the account: so nobody answers twice. What staff did stays on record without a "
                    "name, and what Erbij posted in a channel stays there."
                ),
                _("When a backup is put back, Erbij erases again what was erased, by a list that holds no names."),
                _("You can also ask the people who run Erbij for a copy of what is stored, or have it corrected."),
                _("You can also complain to the authority for data protection in your country."),
            ),
        ),
    ),
)

TERMS = Notice(
    _("Terms of use"),
    (
        (
            _("What Erbij is for"),
            (
                _(
                    "Erbij is for the students and staff of communities that take part in a belonging programme. Using "
                    "it is free, and it is your own choice: nothing happens to you if you do not answer."
                ),
            ),
        ),
        (
            _("What Erbij is not"),
            (
                _(
                    "Erbij is no emergency service: nobody reads your message right away. Are you or is "
                    "someone else in danger? Call 112."
                ),
                _(
                    "Erbij gives no medical, psychological or legal advice. Mentors answer as people, not"
                    " as counsellors."
                ),
            ),
        ),
        (
            _("What we ask of you"),
            (
                _("Please write “a teacher”, not a name, and tell what you saw or felt yourself."),
                _("Please do not use Erbij to threaten or insult anyone, and do not try to find out who told a story."),
                _("Mentors and team leads keep to themselves what they read, unless someone is in danger."),
            ),
        ),
        (
            _("What you can count on"),
            (
                _(
                    "Erbij says so when something was not saved. It is made with care, but sometimes it "
                    "does not work for a while. What you sent stays."
                ),
                _("When these terms change, the new ones stand on this page."),
            ),
        ),
    ),
)

NOTICES = {"privacy": PRIVACY, "terms": TERMS}
CONTACT: Section = (
    _("Questions?"),
    (_("Ask the mentors or the coordinator of your community."),),
)
