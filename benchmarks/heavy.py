"""Slow work that takes memory and nothing else: what timers.py gives to a worker."""


def heavy(megabytes: int) -> int:
    """Fill so many megabytes."""
    return len(bytes([1]) * (megabytes << 20))
