"""Accounts: who is on two platforms of a community can say so, and take it back. Nobody is joined without asking."""

from flows.accounts import joining
from flows.accounts.link import enter_code, link, show_code, write_to
from flows.accounts.unlink import LINK, UNLINK, unlink
from flows.engine import Capability, Command, Held
from flows.words import _, listed

capability = Capability(
    "accounts",
    flows=(link, show_code, enter_code, write_to, unlink),
    commands=(
        Command(
            word=LINK,
            about=_("link your accounts on two platforms, if you like"),
            button=_("Link two accounts"),
            flow="link",
            platforms=2,
            always=True,
        ),
        Command(
            word=UNLINK,
            about=_("unlink them again"),
            button=_("Unlink my accounts"),
            flow="unlink",
            platforms=2,
            always=True,
        ),
    ),
    held=(
        Held(
            "accounts",
            _("Your accounts"),
            lambda known: listed(joining.PLATFORMS[one["platform"]] for one in known) if known else None,
        ),
        Held("codes", _("Codes that link your accounts")),
    ),
)
