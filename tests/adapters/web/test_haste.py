"""How much one client may ask for in a minute, and that somebody in the middle of something gets to its end."""

import threading

from adapters.web.haste import PER_CONVERSATION, REMEMBERED, Haste


def test_a_client_has_its_number_and_others_have_theirs() -> None:
    haste = Haste(3)
    assert [haste.takes("a") for _ in range(5)] == [True, True, True, False, False]
    assert haste.takes("b")


def test_who_is_in_the_middle_gets_on_when_the_address_is_used_up() -> None:
    haste = Haste(3)
    haste.began("mine")
    while haste.takes("school"):
        pass
    assert haste.takes("school", "mine")
    assert not haste.takes("school", "made up")


def test_steps_are_not_without_end() -> None:
    haste = Haste(10_000)
    haste.began("one")
    assert [haste.takes("a", "one") for _ in range(PER_CONVERSATION + 1)].count(False) == 1
    narrow = Haste(3)
    for name in "vwxyz":
        narrow.began(name)
    assert [narrow.takes("a", name) for name in "vwxyz"] == [True, True, True, False, False]


def test_three_hundred_in_one_hall_get_through_at_once() -> None:
    haste = Haste()
    for visitor in range(300):
        assert all(haste.takes("hall") for _ in range(4)), visitor
        haste.began(f"case {visitor}")
        assert all(haste.takes("hall", f"case {visitor}") for _ in range(12)), visitor
        assert all(haste.takes("hall") for _ in range(12)), visitor


def test_what_is_kept_is_bounded_and_unreadable() -> None:
    haste = Haste()
    for number in range(REMEMBERED + 10):
        haste.began(f"conversation {number}")
    haste.takes("192.0.2.7")
    assert len(haste._begun) == REMEMBERED
    kept = str(haste._begun) + str(haste._counts)
    assert "192.0.2.7" not in kept
    assert "conversation" not in kept


def test_a_minute_later_there_is_room_again_and_nothing_is_kept() -> None:
    now = [100.0]
    haste = Haste(2, lambda: now[0])
    assert [haste.takes("a") for _ in range(3)] == [True, True, False]
    now[0] += 59.9
    assert not haste.takes("a")
    now[0] += 0.1
    assert haste.takes("b")
    assert len(haste._counts) == 1
    assert haste.takes("a")


def test_counting_starts_no_thread() -> None:
    before = threading.active_count()
    haste = Haste()
    assert all(haste.takes(f"client {number}") for number in range(1000))
    assert threading.active_count() == before


def test_after_an_hour_nothing_is_recognised() -> None:
    now = [0.0]
    haste = Haste(1, lambda: now[0])
    haste.began("one")
    assert [haste.takes("a"), haste.takes("a")] == [True, False]
    now[0] = 3601.0
    assert haste.takes("a")
    assert not haste.takes("a", "one")
