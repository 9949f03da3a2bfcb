"""Setup: a coordinator tells Erbij who is who, from the chat itself, and changes it later in the same place."""

from flows.engine import SETUP, Capability, Command
from flows.setup.about import setup_about
from flows.setup.groups import setup_coordinators, setup_group
from flows.setup.menu import setup
from flows.setup.platforms import setup_code, setup_join
from flows.words import _

capability = Capability(
    "setup",
    flows=(setup, setup_about, setup_group, setup_coordinators, setup_code, setup_join),
    commands=(Command(word=_("setup"), about=_("say which channels and people Erbij works with"), flow=SETUP),),
)
