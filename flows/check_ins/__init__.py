"""Check-ins: once a week, how students feel they belong, without anyone knowing who answered what."""

from flows.check_ins.check_in import check_in, open_now
from flows.check_ins.rounds import close_check_in, open_check_in
from flows.check_ins.time import CHECK_IN, DAY, HOUR
from flows.engine import Capability, Held, Recurring
from flows.words import _

capability = Capability(
    "check_ins",
    flows=(check_in,),
    offers=(open_now,),
    jobs=(open_check_in, close_check_in),
    recurring=(
        Recurring(
            job="open_check_in", cron="0 {hour} * * {day}", until_hours=48, times=(DAY, HOUR), seen=_("The check-in")
        ),
    ),
    settings=(CHECK_IN,),
    held=(
        Held(
            "check_in",
            _("About the check-in that is open now"),
            {True: _("that you took part"), False: _("nothing")}.get,
        ),
    ),
)
