"""What fits in Discord (its documentation, autumn 2026)."""

from __future__ import annotations

from flows.seam import Limits

LIMITS = Limits(
    text=3800,  # a message of components holds 4,000; the rest is for headings and bold
    buttons=25,
    label=80,
    title=45,
    fields=5,
    question=45,
    help=100,
    line=4000,
    options=25,
    sends_per_second=47.0,  # of 50, which opening private channels and edits share
)
RADIO, BOXES = range(2, 11), range(1, 11)
"""How many values can stand open in a form, instead of in a menu: one of them is chosen, or several."""
MOST_PICKED = 25
"""People that can be chosen at once."""
HINT = 100
"""Characters within an empty box."""
OPTION = 100
"""Characters of one value's label."""
COMMAND = 100
"""Characters of a command's description."""
