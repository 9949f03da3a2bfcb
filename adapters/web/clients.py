"""Who a request comes from and which host it asks for, as far as that can be told from addresses: pure rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]+)(?::[0-9]{0,5})?")
"""``name``, ``name:port``, ``1.2.3.4:port``, ``[v6]`` and ``[v6]:port``."""


def client_of(address: str) -> str:
    """What an address counts as: itself, or for IPv6 its /64, which one household or one attacker has all of.

    Takes ``ip:port`` and ``[v6]:port`` too, as some proxies write it. What is no address counts as nobody: ``""``.
    """
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found.packed, 64), strict=False))
    return "" if found is None else str(found)


def written_last(forwarded: Sequence[str]) -> str:
    """The client that the nearest proxy wrote down: the last value of the last ``X-Forwarded-For`` line."""
    return client_of(forwarded[-1].rpartition(",")[2]) if forwarded else ""


def is_near(address: str) -> bool:
    """Whether an address is of this machine or of its own network, as a proxy's mostly is."""
    found = _address(address)
    return found is not None and (found.is_loopback or found.is_private)


def host_of(header: str) -> str:
    """The name or address in a ``Host`` header, in small letters and without its port; ``""`` for nonsense."""
    split = _PORT.fullmatch(header.strip())
    return "" if split is None else split[1].strip("[]").rstrip(".").lower()


def is_ours(host: str, names: Collection[str], *, addresses: bool) -> bool:
    """Whether this host answers to a name. Loopback it always does, to other bare addresses only with ``addresses``.

    A page that lets its own name point at this machine (DNS rebinding) shows that name here; an address it cannot
    forge.
    """
    found = _address(host)
    if found is not None:
        return addresses or found.is_loopback
    return host == "localhost" or host in names


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address in any of the ways in which it is written, IPv4 within IPv6 as the IPv4 that it is."""
    text = text.strip().strip('"')
    for one in (text, host_of(text)):
        try:
            found = ip_address(one)
        except ValueError:
            continue
        return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
    return None
