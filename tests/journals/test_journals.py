"""Conversations recorded under earlier versions go on in today's flows, exactly where they were."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from flows.catalogue import catalogue
from flows.engine import Context, Conversation, Run
from flows.engine.conversation import ARGUMENT, FLOW

RECORDED = sorted(Path(__file__).parent.glob("*.json"))
SINCE = {key: {"room.0": True} for key in ("0.1-belonging_case-tag", "0.1-belonging_case-kept")}
SINCE["0.1-belonging_case-kept"]["hide"] = "bado kemi lina tiva sore mapi"
"""Effects that a later version has on the way, with what they give: there is no database here."""
SINCE["0.1-setup_reminders-chosen"] = {"values": {"mentors": "1", "coordinators": "2"}}
NO_MORE = {"offer_mentor"}
"""Flows that are no more: whoever was asked something there hears that it has ended, and what can be done now."""
ENDS = {"0.1-check_in-tell"}
"""What these waited for is no question any more, but a button that is shown at the end."""
NOW_AT = {"0.1-hear_back-tag": "receipt.0"}
"""Where a conversation waits today that had the six words in its journal: they are asked again."""


def test_there_are_recorded_conversations() -> None:
    assert len(RECORDED) >= 8


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_it_waits_where_it_waited_and_loses_no_answer(path: Path) -> None:
    recorded = json.loads(path.read_text())
    recorded["journal"] |= SINCE.get(path.stem, {})
    journal = copy.deepcopy(recorded["journal"])
    flow = catalogue().flows.get(journal[FLOW])
    if flow is None:
        assert journal[FLOW] in NO_MORE
        return
    context = Context(community="c", community_name="Year 1", member="m", roles=flow.who)
    # No session: an effect that was already done must not be done again.
    run = Run(flow, context, Conversation(journal), session=None, now=5)
    run.go()
    assert run.journal == recorded["journal"]
    # What this conversation waited for is asked by another flow today.
    if "goes_on_in" in recorded and path.stem not in ENDS:
        assert run.next is not None
        name, argument = run.next
        assert name == recorded["goes_on_in"]
        run = Run(catalogue().flows[name], context, Conversation({ARGUMENT: argument}), session=None, now=5)
        run.go()
    if path.stem in ENDS:
        assert run.pending is None
        assert run.chat.shown
        return
    assert run.pending is not None
    assert run.pending.key == NOW_AT.get(path.stem, recorded["waits_for"])
