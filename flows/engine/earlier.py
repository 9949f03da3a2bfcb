"""Going back on a page: a form of an earlier turn still counts, as long as nothing came of it for others.

Else its words are handed back. So an answer that comes late, twice, or from the page before is an ordinary thing.
"""

from __future__ import annotations

from collections.abc import Mapping

from flows.engine import draw
from flows.engine.chat import Shown
from flows.engine.run import Run
from flows.engine.turn import Turn
from flows.engine.typed import clean
from flows.token import Answers, AnswersFirst, Token
from flows.words import _

LONGEST = 100_000
"""Characters of one text that are handed back: more than anybody writes, and not all that a page can be sent."""
NOT_TAKEN = _("So this was not taken. Here it is, so that you can copy what you still need:")
WROTE = _("What you wrote")


def show(turn: Turn, token: Token | None, run: Run) -> bool:
    """A form of an earlier turn as it was sent, to be changed and sent again; False where that is too late."""
    key = form_at(token, run)
    if not key or not run.may_return_to(key):
        return False
    before = run.anew(run.without(key))
    before.turn = token.turn if isinstance(token, Answers) else 0
    turn.draw(before)
    before.close()
    return True


def refill(token: Token | None, run: Run, values: Mapping[str, object]) -> Run | None:
    """The run at a form of an earlier turn whose answers come once more; None where that is too late."""
    key = form_at(token, run)
    journal = run.refilled(key, values) if key else None
    if journal is None:
        return None
    before = run.anew(journal)
    if before.pending is None or before.pending.key != key:  # none of its fields came
        before.close()
        return None
    run.close()
    return before


def form_at(token: Token | None, run: Run) -> str:
    """The key of the form that a token of an earlier turn answers; empty when it was none."""
    if isinstance(token, AnswersFirst):
        return run.first_form
    return run.form_at(token.turn) if isinstance(token, Answers) else ""


def hand_back(turn: Turn, values: Mapping[str, object] | None) -> None:
    """Words that came too late are shown, to be copied: nobody has to write them a second time."""
    written = (one[:LONGEST] for one in (values or {}).values() if isinstance(one, str))
    texts = [text for one in written if (text := clean(one))]
    if texts:
        turn.say(NOT_TAKEN)
        turn.parts += draw.pieces([Shown(WROTE, [("", text) for text in texts])], turn.context.language)
