"""How much one client may ask for in a minute, and that somebody in the middle of something gets to its end."""

import threading
from contextlib import ExitStack

from adapters.web.haste import AT_ONCE, FIRST_ANSWERS, PER_CLIENT, PER_CONVERSATION, REMEMBERED, SPARE, Haste


def test_a_client_has_its_number_and_others_have_theirs() -> None:
    haste = Haste(3)
    assert [haste.takes("a") for _ in range(5)] == [True, True, True, False, False]
    assert haste.takes("b")


def test_who_is_in_the_middle_gets_on_when_the_address_is_used_up() -> None:
    haste = Haste(3)
    haste.began("school", "mine")
    while haste.takes("school"):
        pass
    assert haste.takes("school", "mine")
    assert not haste.takes("school", "made up")
    assert not Haste(0).takes("elsewhere", "mine"), "by another client it is nobody's"


def test_steps_are_not_without_end() -> None:
    haste = Haste(10_000)
    haste.began("a", "one")
    assert [haste.takes("a", "one") for _ in range(PER_CONVERSATION + 1)].count(False) == 1


def test_who_uses_up_the_steps_of_an_address_stops_nobody_there_but_themselves() -> None:
    haste = Haste(100)
    for name in ("mine", "theirs", "yours"):
        haste.began("school", name)
    hammered = [haste.takes("school", name) for _ in range(60) for name in ("theirs", "yours")]
    assert hammered.count(True) == 100 + 2 * SPARE
    assert [haste.takes("school", "mine") for _ in range(SPARE + 1)] == [True] * SPARE + [False]


def test_three_hundred_in_one_hall_get_through_at_once() -> None:
    haste = Haste()
    for visitor in range(300):
        assert all(haste.takes("hall") for _ in range(4)), visitor
        haste.began("hall", f"case {visitor}")
        assert all(haste.takes("hall", f"case {visitor}") for _ in range(12)), visitor
        assert all(haste.takes("hall") for _ in range(12)), visitor


def test_who_opens_pages_without_end_makes_nobody_elsewhere_unknown() -> None:
    haste = Haste(1)
    haste.began("school", "mine")
    for number in range(REMEMBERED + 100):
        haste.began("attacker", f"conversation {number}")
    assert haste.takes("school")
    assert not haste.takes("school")
    assert haste.takes("school", "mine")
    assert haste.takes("attacker", f"conversation {REMEMBERED + 99}")


def test_nobody_opens_in_a_minute_what_makes_others_of_their_own_address_unknown() -> None:
    assert REMEMBERED > 2 * PER_CLIENT


def test_what_is_kept_is_bounded_and_unreadable() -> None:
    haste = Haste()
    for number in range(REMEMBERED + 10):
        haste.began(f"192.0.2.{number % 3}", f"conversation {number}")
    haste.takes("192.0.2.7")
    with haste.answering("192.0.2.7", "conversation"):
        kept = "".join(str(getattr(haste, name)) for name in vars(haste))
    assert REMEMBERED * 0.98 < sum(map(len, haste._begun.values())) == haste._remembered <= REMEMBERED
    assert "192.0.2" not in kept
    assert "conversation" not in kept


def test_others_go_first_where_one_client_begins_much() -> None:
    haste = Haste()

    def begins(client: str, begun: str = "another") -> bool:
        with haste.answering(client, "first") as post:
            post.begun = begun
        return post.crowded

    assert not any(begins("a", "first") for _ in range(2 * FIRST_ANSWERS)), "asked the same again, nothing began"
    assert [begins("a") for _ in range(FIRST_ANSWERS + 1)] == [False] * FIRST_ANSWERS + [True]
    assert not begins("b")
    with haste.answering("a", "") as post:
        assert post.crowded


def test_others_go_first_where_one_client_has_much_under_way() -> None:
    haste = Haste()
    with ExitStack() as under_way:
        crowded = [under_way.enter_context(haste.answering("a", "")).crowded for _ in range(AT_ONCE + 2)]
        assert crowded == [False] * AT_ONCE + [True] * 2
        with haste.answering("b", "") as post:
            assert not post.crowded
    with haste.answering("a", "") as post:
        assert not post.crowded
    assert not haste._at_once


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
    haste.began("a", "one")
    with haste.answering("a", "first"):
        now[0] = 3601.0
        assert haste.takes("b")
    assert not haste._first_answers
    now[0] = 0.0
    haste = Haste(1, lambda: now[0])
    haste.began("a", "one")
    assert [haste.takes("a"), haste.takes("a")] == [True, False]
    now[0] = 3601.0
    assert haste.takes("a")
    assert not haste.takes("a", "one")
