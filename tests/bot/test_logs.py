from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

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


class Minutes:
    """A clock that a test moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Minutes:
    return Minutes()


@pytest.fixture
def limited(clock: Minutes) -> Iterator[io.StringIO]:
    before = logging.root.handlers[:]
    stream = io.StringIO()
    logs.set_up(stream, clock=clock)
    yield stream
    structlog.reset_defaults()
    logging.root.handlers[:] = before


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_library_that_says_the_same_a_thousand_times_is_cut_short(limited: io.StringIO, clock: Minutes) -> None:
    for number in range(1_000):
        logging.getLogger("asyncio").error("accept failed for %s", number)
        logging.getLogger("asyncio").error("something else")
    assert len(lines(limited)) == 2 * logs.MOST
    clock.now = 61
    logs.tell_left_out()
    told = [one for one in lines(limited) if one["event"] == logs.LEFT_OUT]
    assert [one["lines"] for one in told] == [1_000 - logs.MOST] * 2
    assert told[0]["of"] == {"event": "library", "logger": "asyncio", "said": "accept failed for %s"}
    logs.tell_left_out()
    assert len(lines(limited)) == 2 * logs.MOST + 2


def test_what_was_left_out_is_told_before_the_next_line(limited: io.StringIO, clock: Minutes) -> None:
    log = structlog.get_logger()
    for _ in range(logs.MOST + 3):
        log.info("web.too_fast", route="/c/{community}")
    clock.now = 61
    log.info("stopped")
    assert [one["event"] for one in lines(limited)][logs.MOST :] == [logs.LEFT_OUT, "stopped"]


def test_nothing_is_told_where_nothing_was_left_out(limited: io.StringIO, clock: Minutes) -> None:
    for _ in range(logs.MOST):
        structlog.get_logger().info("web.foreign_post", route="/clock")
    clock.now = 61
    logs.tell_left_out()
    assert len(lines(limited)) == logs.MOST


def test_a_flood_of_one_kind_hides_no_other(limited: io.StringIO) -> None:
    log = structlog.get_logger()
    for number in range(100):
        log.info("teams.refused", status=401, reason="no token")
        try:
            raise OSError(number)
        except OSError:
            log.warning("turn not saved", exc_info=True)
    log.info("teams.refused", status=403, reason="tenant not allowed")
    try:
        raise KeyError(CANARY)
    except KeyError:
        log.warning("turn not saved", exc_info=True)
    assert len(lines(limited)) == 2 * logs.MOST + 2
    assert lines(limited)[-2]["reason"] == "tenant not allowed"
    assert lines(limited)[-1]["fault"][0]["type"] == "builtins.KeyError"


def test_more_kinds_than_are_counted_apart_are_limited_together(
    limited: io.StringIO, clock: Minutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "KINDS", 5)
    for number in range(100):
        structlog.get_logger().info("event", word=str(number))
    assert len(lines(limited)) == 5 + logs.MOST
    clock.now = 61
    logs.tell_left_out()
    assert lines(limited)[-1]["lines"] == 100 - 5 - logs.MOST
