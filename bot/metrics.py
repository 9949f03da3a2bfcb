"""What can be measured from outside, in Prometheus' format. No label ever names a person or a community.

Nor does a moment: who sees a student type and reads the metrics at once would know what the one turn in between was, a
case say, so turns are shown twenty at a time.
"""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from storage.outbox import Depth

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
TOGETHER = 20
"""Turns that are shown at once."""
SLOW = (0.1, 0.5, 1, 2, 5, 15, 60, 300, 1800, 7200, 86400)


class Metrics:
    """The program's counters; one set for each program, so that two in one process do not add up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        made: dict[str, Any] = {"registry": self.registry}
        self.turns = Counter("erbij_turns", "Turns taken, shown 20 at a time.", ["platform", "kind"], **made)
        self.faults = Counter("erbij_faults", "Turns, timers and sends that failed.", ["where", "type"], **made)
        self.seconds = Histogram(
            "erbij_turn_seconds", "From an event's arrival to its reply, as turns.", ["platform"], buckets=QUICK, **made
        )
        self._not_shown: list[tuple[str, str, float]] = []
        self.queue = Gauge("erbij_turns_waiting", "Functions that wait for the database's thread.", **made)
        self.sent = Counter("erbij_sends", "Messages by what became of them.", ["platform", "result"], **made)
        self.outbox = Gauge("erbij_outbox_messages", "Messages in the outbox.", ["state"], **made)
        self.oldest = Gauge("erbij_outbox_oldest_seconds", "Age of the oldest message in a state.", ["state"], **made)
        self.timers = Counter("erbij_timers", "Timers that ran.", ["job", "result"], **made)
        self.lag = Histogram("erbij_timer_lag_seconds", "How late a timer ran.", buckets=SLOW, **made)
        self.clock_off = Gauge("erbij_clock_off_seconds", "How far the clock jumped that is not believed yet.", **made)
        self.gone = Gauge("erbij_database_gone", "1 when the database's file was deleted or replaced.", **made)
        self.up = Gauge("erbij_adapter_up", "1 when a platform is connected.", ["platform"], **made)

    def turn(self, platform: str, kind: str, seconds: float) -> None:
        """Count a turn; it shows together with the others of its twenty."""
        self._not_shown.append((platform, kind, seconds))
        if len(self._not_shown) < TOGETHER:
            return
        for of, what, took in self._not_shown:
            self.turns.labels(of, what).inc()
            self.seconds.labels(of).observe(took)
        self._not_shown.clear()

    def show_outbox(self, depth: Depth, now: int) -> None:
        """How full the outbox is at a moment (ms since 1970)."""
        for state, count, oldest in (
            ("waiting", depth.waiting, depth.oldest_waiting),
            ("dead", depth.dead, depth.oldest_dead),
        ):
            self.outbox.labels(state).set(count)
            self.oldest.labels(state).set(0 if oldest is None else max(0, now - oldest) / 1000)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)
