"""Own data: everyone can see what is stored that names them, and have it erased."""

from flows.engine import Capability, Command
from flows.own_data.forget_me import forget_me
from flows.own_data.my_data import FORGET, my_data
from flows.words import _

capability = Capability(
    "own_data",
    flows=(my_data, forget_me),
    commands=(
        Command(
            word=_("my data"),
            about=_("see what is stored about you"),
            button=_("See my data"),
            flow="my_data",
            always=True,
        ),
        Command(
            word=FORGET,
            about=_("erase what is stored about you"),
            button=_("Have me forgotten"),
            flow="forget_me",
            always=True,
        ),
    ),
)
