from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import logs
from storage.database import NotSaved

CANARY = "kanarie-Sam-8301"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    before = logging.root.handlers[:]
    stream = io.StringIO()
    logs.set_up(stream)
    yield stream
    structlog.reset_defaults()
    logging.root.handlers[:] = before


def test_a_fault_is_told_by_type_and_place_not_by_its_words(out: io.StringIO) -> None:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as fault:
            fault.add_note("flow check_in, key answers")
            raise ValueError(CANARY) from fault
    except ValueError:
        structlog.get_logger().exception("turn failed", platform="web")
    text = out.getvalue()
    line = json.loads(text)
    assert CANARY not in text
    assert [one["type"] for one in line["fault"]] == ["builtins.ValueError", "builtins.KeyError"]
    assert line["fault"][1]["notes"] == ["flow check_in, key answers"]
    assert "test_logs.py" in line["fault"][0]["at"][-1]


def test_why_the_database_did_not_save_is_told(out: io.StringIO) -> None:
    try:
        raise NotSaved("OperationalError: database is locked")
    except NotSaved:
        structlog.get_logger().warning("turn not saved", exc_info=True)
    assert json.loads(out.getvalue())["fault"][0]["why"] == "OperationalError: database is locked"


def test_libraries_do_not_say_what_they_filled_in(out: io.StringIO) -> None:
    logging.getLogger("discord").warning("message %s of %s", CANARY, CANARY)
    logging.getLogger("discord").error(f"message {CANARY}")  # noqa: G004
    logging.getLogger("discord").info("nothing to see")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert CANARY not in out.getvalue()
    assert first["said"] == "message %s of %s"
    assert "said" not in second


def test_a_librarys_exception_keeps_its_words_too(out: io.StringIO) -> None:
    try:
        raise RuntimeError(CANARY)
    except RuntimeError:
        logging.getLogger("aiohttp").exception("in %s", CANARY)
    assert CANARY not in out.getvalue()
    assert json.loads(out.getvalue())["fault"][0]["type"] == "builtins.RuntimeError"
