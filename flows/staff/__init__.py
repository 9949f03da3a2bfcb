"""Staff: every night it is asked who of them is still there, and what someone held who is not goes to the others."""

from flows.engine import Capability, Recurring
from flows.staff.left import staff_left
from flows.staff.nightly import ask_for_staff

capability = Capability(
    "staff",
    jobs=(ask_for_staff, staff_left),
    # In the small hours, and never in the one that summer time skips or repeats.
    recurring=(Recurring(job="ask_for_staff", cron="15 4 * * *"),),
)
