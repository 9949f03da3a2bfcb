"""The key that lives in memory for an hour, and what people carry under it."""

from __future__ import annotations

import re
import threading

import pytest

from storage.keys import HourKey

NOW = 1_795_000_000_123
MINUTE = 60_000
HOUR = 60 * MINUTE
CASE = bytes(range(16))


def test_what_is_sealed_opens_for_an_hour_and_no_longer() -> None:
    key = HourKey()
    sealed = key.seal("here:sam", CASE, NOW)
    for later in (0, MINUTE, HOUR - 1000):
        assert key.open("here:sam", sealed, NOW + later) == CASE
    for later in (HOUR + 1000, 2 * HOUR, 100 * HOUR):
        assert key.open("here:sam", sealed, NOW + later) is None


def test_an_hour_is_an_hour_also_across_the_change_of_keys() -> None:
    key = HourKey()
    key.seal("here:sam", CASE, NOW)
    late = key.seal("here:sam", CASE, NOW + 59 * MINUTE)
    key.seal("here:sam", CASE, NOW + 61 * MINUTE)
    assert key.open("here:sam", late, NOW + 118 * MINUTE) == CASE
    assert key.open("here:sam", late, NOW + 121 * MINUTE) is None


@pytest.mark.parametrize("identity", ["here:noor", "there:sam", "here:", ""])
def test_it_opens_for_nobody_else(identity: str) -> None:
    key = HourKey()
    assert key.open(identity, key.seal("here:sam", CASE, NOW), NOW) is None


def test_it_opens_in_no_other_process() -> None:
    assert HourKey().open("here:sam", HourKey().seal("here:sam", CASE, NOW), NOW) is None


@pytest.mark.parametrize("changed", ["", "x", "xx", "é", "x" * 64, "x" * 500, "bado kemi lina tiva sore mapi", "\0"])
def test_what_is_made_by_hand_opens_to_nothing(changed: str) -> None:
    key = HourKey()
    key.seal("here:sam", CASE, NOW)
    assert key.open("here:sam", changed, NOW) is None


def test_every_changed_sign_is_noticed() -> None:
    key = HourKey()
    sealed = key.seal("here:sam", CASE, NOW)
    for at, sign in enumerate(sealed):
        assert key.open("here:sam", sealed[:at] + ("A" if sign != "A" else "B") + sealed[at + 1 :], NOW) is None


def test_it_fits_a_button_and_no_two_are_alike() -> None:
    key = HourKey()
    some = {key.seal("here:sam", CASE, NOW) for _ in range(100)}
    assert len(some) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{64}", one) for one in some)


def test_keys_whose_time_is_over_are_gone_from_memory() -> None:
    key = HourKey()
    for hours in range(5):
        key.seal("here:sam", CASE, NOW + hours * HOUR)
    assert len(key._keys) == 2
    key.forget(NOW + 5 * HOUR)
    assert len(key._keys) == 1
    key.forget(NOW + 6 * HOUR)
    assert key._keys == []


def test_two_threads_that_change_the_key_at_once_lose_nothing() -> None:
    key, sealed = HourKey(), list[str]()
    threads = [threading.Thread(target=lambda: sealed.append(key.seal("here:sam", CASE, NOW))) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert [key.open("here:sam", one, NOW) for one in sealed] == [CASE] * 20
