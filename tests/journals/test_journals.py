"""Conversations recorded under earlier versions go on in today's flows, exactly where they were."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from flows.catalogue import catalogue
from flows.engine import Context, Run

RECORDED = sorted(Path(__file__).parent.glob("*.json"))
SINCE = {key: {"room.0": True} for key in ("0.1-belonging_case-tag", "0.1-belonging_case-kept")}
"""Effects that a later version has on the way, with what they give: there is no database here."""
NOW_AT = {"0.1-hear_back-tag": "receipt.0"}
"""Where a conversation waits today that had the six words in its journal: they are asked again."""


def test_there_are_recorded_conversations() -> None:
    assert len(RECORDED) >= 8


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_it_waits_where_it_waited_and_loses_no_answer(path: Path) -> None:
    recorded = json.loads(path.read_text())
    recorded["journal"] |= SINCE.get(path.stem, {})
    journal = copy.deepcopy(recorded["journal"])
    flow = catalogue().flows[journal["@flow"]]
    context = Context(community="c", community_name="Year 1", member="m", roles=flow.who)
    # No session: an effect that was already done must not be done again.
    run = Run(flow, context, journal, argument=journal["@argument"], session=None, now=5)
    run.go()
    assert run.journal == recorded["journal"]
    if "goes_on_in" in recorded:  # what this conversation waited for is asked by another flow today
        assert run.next is not None
        name, argument = run.next
        assert name == recorded["goes_on_in"]
        run = Run(catalogue().flows[name], context, {}, argument=argument, session=None, now=5)
        run.go()
    assert run.pending is not None
    assert run.pending.key == NOW_AT.get(path.stem, recorded["waits_for"])
