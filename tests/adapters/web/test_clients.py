"""Who a request comes from and which host it asks for: rules, and what hypothesis makes of them."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.clients import client_of, host_of, is_near, is_ours, written_last


@pytest.mark.parametrize(
    ("written", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("192.0.2.7:51234", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:0:1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1]:443", "2001:db8::/64"),
        ('"[2001:db8::1]:443"', "2001:db8::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", ""),
        ("_hidden", ""),
        ("", ""),
        ("192.0.2.777", ""),
    ],
)
def test_an_address_counts_as_one_client_however_it_is_written(written: str, client: str) -> None:
    assert client_of(written) == client


@given(st.ip_addresses(v=4), st.integers(0, 65535))
def test_an_ipv4_address_is_itself_in_all_its_writings(address: IPv4Address, port: int) -> None:
    text = str(address)
    assert {client_of(one) for one in (text, f"{text}:{port}", f"::ffff:{text}", f"[::ffff:{text}]:{port}")} == {text}


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1), st.integers(0, 65535))
def test_all_of_a_64_is_one_client(address: IPv6Address, rest: int, port: int) -> None:
    neighbour = IPv6Address((int(address) >> 64 << 64) | rest)
    if address.ipv4_mapped or neighbour.ipv4_mapped:
        return
    assert client_of(str(address)) == client_of(str(neighbour)) == client_of(f"[{neighbour.exploded}]:{port}") != ""


@given(st.text(max_size=40))
def test_nonsense_is_nobody_and_no_fault(text: str) -> None:
    once = client_of(text)
    assert client_of(once.removesuffix("/64")) == once
    assert host_of(host_of(text)) in {host_of(text), ""}


def test_the_last_proxy_wrote_last() -> None:
    assert written_last(["192.0.2.1, 192.0.2.2", "192.0.2.3"]) == "192.0.2.3"
    assert written_last(["192.0.2.1", "192.0.2.2, 192.0.2.3:80"]) == "192.0.2.3"
    assert written_last([]) == ""
    assert written_last(["192.0.2.1,"]) == ""


@pytest.mark.parametrize(
    ("address", "near"),
    [("127.0.0.1", True), ("::1", True), ("10.1.2.3", True), ("fd00::1", True), ("8.8.8.8", False), ("", False)],
)
def test_a_proxy_of_ones_own_is_near(address: str, near: bool) -> None:
    assert is_near(address) is near


@pytest.mark.parametrize(
    ("header", "ours", "by_address"),
    [
        ("erbij.example.org", True, True),
        ("ERBIJ.example.org.", True, True),
        ("erbij.example.org:443", True, True),
        ("localhost:3978", True, True),
        ("127.0.0.1", True, True),
        ("[::1]:3978", True, True),
        ("192.0.2.7:3978", False, True),
        ("[2001:db8::1]:3978", False, True),
        ("0.0.0.0", False, True),
        ("elsewhere.example", False, False),
        ("erbij.example.org.elsewhere.example", False, False),
        ("localhost.elsewhere.example", False, False),
        ("127.0.0.1.elsewhere.example", False, False),
        ("127.0.0.1%.elsewhere.example", False, False),
        ("user@localhost", False, False),
        ("localhost/", False, False),
        ("", False, False),
    ],
)
def test_only_our_own_names_are_ours(header: str, ours: bool, by_address: bool) -> None:
    names = {"erbij.example.org"}
    assert is_ours(host_of(header), names, addresses=False) is ours
    assert is_ours(host_of(header), names, addresses=True) is by_address
