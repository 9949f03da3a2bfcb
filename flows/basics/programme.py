"""The programme as every community has it: who is who, and what each channel is for. Setup keeps this order."""

from flows.engine import COORDINATOR, STUDENT, Purpose, Role, Setting, options
from flows.words import _

WELCOME = Setting(
    "students.welcome",
    "no",
    options(
        _("Shall I put a post with buttons there?"),
        [("yes", _("Yes")), ("no", _("No"))],
        help=_("So students need to know no word. If somebody deletes it, I post it again the next day."),
    ),
)
"""The standing post: flows/setup/welcome.py."""

ROLES = (
    Role(
        STUDENT,
        _("student"),
        _("students"),
        _("Students"),
        which=_("Which role do students have?"),
        which_help=_("Then everyone without another role is a student."),
        tryout=("Sam", "Noor", "Emma", "Lucas", "Yara", "Milan", "Fien", "Daan", "Lina", "Jonas", "Mila", "Anouk"),
    ),
    Role(
        "mentor",
        _("mentor"),
        _("the mentors"),
        _("Mentors"),
        which=_("Which role do mentors have?"),
        who=_("Who are the mentors?"),
        nobody=_("Nobody is a mentor yet: a case would wait unread."),
        tryout=("Robin", "Kim", "Joris"),
    ),
    Role(
        "lead",
        _("team lead"),
        _("the team leads"),
        _("Team leads"),
        which=_("Which role do team leads have?"),
        who=_("Who are the team leads?"),
        nobody=_("Nobody is a team lead yet."),
        tryout=("Alex", "Fatima"),
    ),
    Role(
        "teacher",
        _("teacher"),
        _("teachers"),
        _("Teachers"),
        which=_("Which role do teachers have?"),
        who=_("Who are the teachers?"),
    ),
    Role(
        "staff",
        _("management or support staff"),
        _("management and support staff"),
        _("Management and support staff"),
        which=_("Which role do management and support staff have?"),
        who=_("Who belongs to management and support staff?"),
    ),
    Role(
        "adviser",
        _("confidential adviser"),
        _("the confidential advisers"),
        _("Confidential advisers"),
        which=_("Which role do confidential advisers have?"),
        who=_("Who are the confidential advisers?"),
    ),
    Role(
        COORDINATOR,
        _("coordinator"),
        _("the coordinators"),
        _("Coordinators"),
        which=_("Which role do coordinators have?"),
        who=_("Who are the coordinators?"),
        who_help=_("Choose everyone who can change this setup."),
        nobody=_("Nobody is a coordinator: nobody could change this setup."),
        needed=True,
    ),
)
PURPOSES = (
    Purpose(
        "students",
        STUDENT,
        _("Students"),
        _("Which channel do students read?"),
        _("Check-ins are posted there."),
        _("The students have no channel yet: no check-in can be posted."),
        settings=(WELCOME,),
        readers=("mentor", "lead"),
    ),
    Purpose(
        "mentors",
        "mentor",
        _("Mentors"),
        _("Which channel do mentors read?"),
        _("Cases are announced there."),
        _("The mentors have no channel yet: nobody hears that a case has come in."),
        staff_only=_("Everyone here can read {channel}, students too. Cases are announced there."),
        readers=("lead",),
    ),
    Purpose(
        "leads",
        "lead",
        _("Team leads"),
        _("Which channel do team leads read?"),
        _("Nothing is posted there yet: weekly summaries are still being made."),
        _("The team leads have no channel yet."),
        staff_only=_("Everyone here can read {channel}, students too. Later, summaries are posted there."),
        tryout="team-leads",
    ),
)
