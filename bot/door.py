"""The sockets of an HTTP host: how many connections are open, and how long a client may take.

aiohttp bounds neither, so a few hundred requests that never end would use up all file handles. Here each connection
has a deadline in everything it waits for its client with, and the table of connections is never full for long: a new
one takes the place of the one that has waited longest, first of all from whoever has most of them. So what an attacker
holds open is theirs to lose.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections import Counter
from functools import partial
from heapq import nsmallest
from typing import cast

import structlog
from aiohttp import StreamReader, web
from aiohttp.typedefs import Handler as Next
from aiohttp.web_request import BaseRequest

from adapters.web.clients import client_of
from adapters.web.guard import headers

HEAD_TIME = 10.0
"""Seconds from the first byte of a request, or from connecting, to the end of its header."""
IDLE_TIME = 75.0
"""Seconds between two requests; longer than a proxy keeps a connection for its next request, mostly 60."""
LINGERING = 5.0
"""Seconds in which the rest of a refused body is read and thrown away, so that its sender gets to read why."""
SWEEP = 1.0
"""Seconds between two looks at who is overdue."""
MOST = 1_000
"""Connections at most, where there are twice as many file handles."""
MOST_HEAD = 32 * 1024
"""Bytes of a header at most."""
BACKLOG = 1_024
"""Connections that the system keeps until Erbij takes them."""
AT_ONCE = 16
"""Connections taken before others get their turn."""
GRACE = 0.5
"""Seconds that a connection may keep its place whoever else comes: an honest request is there long before."""
FULL = 0.05
"""Seconds without new connections when all places are taken by such, or by requests that are being answered."""
REST = 1.0
"""Seconds without new connections when there is no file handle left."""

log = structlog.get_logger()


def most_connections() -> int:
    """Half of the file handles that this process may have; the other half is for databases, platforms and files."""
    handles = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST if handles == resource.RLIM_INFINITY else min(MOST, handles // 2)


class Connection(web.RequestHandler):
    """One connection: who it is of, what it waits for and since when."""

    def __init__(self, door: Door, server: web.Server, client: str) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own way to say: none
            logger=_FAULTS,
            keepalive_timeout=2 * IDLE_TIME,  # the door is quicker
            lingering_time=LINGERING,
            auto_decompress=False,
        )
        self.client = client
        self.request: web.Request | None = None
        self._body: StreamReader | None = None
        self.since = loop.time()
        self._door = door
        self._begun = True
        self._head = 0
        self._last = b""
        self._dropped = False
        self._wire: asyncio.Transport | None = None

    @property
    def waits(self) -> bool:
        """Whether it waits for its client, to send something or to read the answer."""
        return self.request is None or self._still_coming()

    def overdue(self, now: float) -> bool:
        """Whether its client has had its time. A body has its own (guard.py); while it is answered there is none."""
        return self.request is None and now - self.since > (HEAD_TIME if self._begun else IDLE_TIME)

    def drop(self) -> None:
        """End it now, whatever is under way."""
        self._dropped = True
        self._door.left(self)
        if self._wire is not None:
            self._wire.abort()

    def answering(self, request: web.Request) -> None:
        """The header of a request is here; of its body perhaps not all."""
        self.request, self._body = request, request.content

    def answered(self) -> None:
        """Its request got its answer, which may still be on its way; the next one may come."""
        self.request, self._begun, self.since = None, False, asyncio.get_running_loop().time()
        self._head, self._last = 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._wire = cast("asyncio.Transport", transport)
        super().connection_made(transport)
        if self._dropped:
            self._wire.abort()

    def data_received(self, data: bytes) -> None:
        """Note when a request begins, and end it when its header does not end."""
        if data and self.request is None and not self._still_coming():
            if not self._begun:
                self._begun, self.since = True, asyncio.get_running_loop().time()
            if self._too_much_head(data):
                return self.drop()
        super().data_received(data)
        return None

    def _still_coming(self) -> bool:
        """Whether the last request's body is not all here; after a refusal the rest of it is thrown away."""
        return self._body is not None and not self._body.is_eof()

    def _too_much_head(self, data: bytes) -> bool:
        """Whether a header has become too long; what follows its end is not counted."""
        if self._head < 0:
            return False
        self._head += len(data)
        self._last, seen = (self._last + data)[-3:], b"\r\n\r\n" in self._last + data
        if seen:
            self._head = -1
        return self._head > MOST_HEAD

    def connection_lost(self, exc: BaseException | None) -> None:
        """Give the place back."""
        self._door.left(self)
        self._body = None
        super().connection_lost(exc)

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What is no HTTP is refused in plain words and is nothing for the log."""
        if status >= 500:
            return super().handle_error(request, status, exc, message)
        response = web.Response(status=status, text="This is no request that Erbij can read.", headers=headers("/"))
        response.force_close()
        return response


class Door:
    """Listens for one application, and decides who comes in."""

    def __init__(self, runner: web.AppRunner, *, behind_proxy: bool = False, most: int | None = None) -> None:
        """The runner's application gets a middleware more, so it must not be set up yet.

        Who comes through a proxy all have its address: then one client may have all connections. ``most`` is for tests.
        """
        self._runner = runner
        runner.app.middlewares.insert(0, _marked)
        self._most = most_connections() if most is None else most
        self._most_each = self._most if behind_proxy else self._most * 3 // 4
        self._open: set[Connection] = set()
        self._each: Counter[str] = Counter()
        self._sockets: list[socket.socket] = []
        self._next_in: dict[socket.socket, tuple[socket.socket, tuple[str, int]]] = {}
        """At most one for each socket that listens, for whom there was no place yet."""
        self._arriving: set[asyncio.Task[object]] = set()
        self._next_sweep: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError when the port is taken or the host is not here."""
        await self._runner.setup()
        bound = await asyncio.get_running_loop().create_server(
            asyncio.Protocol, host or None, port, start_serving=False
        )
        self._sockets = [one.dup() for one in bound.sockets]
        bound.close()
        for one in self._sockets:
            one.listen(BACKLOG)
            self._listen(one)
        self._sweep_on()

    @property
    def port(self) -> int:
        """The port it listens on; another than asked for when that was 0."""
        return int(self._sockets[0].getsockname()[1])

    def __len__(self) -> int:
        return len(self._open)

    async def stop(self) -> None:
        """Take nobody in any more, and close the connections once they are answered."""
        if self._next_sweep is not None:
            self._next_sweep.cancel()
        for one in self._sockets:
            asyncio.get_running_loop().remove_reader(one.fileno())
            one.close()
        for arrived, _peer in self._next_in.values():
            arrived.close()
        self._sockets, self._next_in = [], {}
        await self._runner.cleanup()
        for connection in tuple(self._open):
            connection.drop()

    def left(self, connection: Connection) -> None:
        """A connection ended."""
        if connection in self._open:
            self._open.discard(connection)
            self._each[connection.client] -= 1
            if not self._each[connection.client]:
                del self._each[connection.client]

    def sweep(self, now: float) -> None:
        """Drop who is overdue, by the loop's clock."""
        for connection in [one for one in self._open if one.overdue(now)]:
            connection.drop()

    def _sweep_on(self) -> None:
        loop = asyncio.get_running_loop()
        self.sweep(loop.time())
        self._next_sweep = loop.call_later(SWEEP, self._sweep_on)

    def _listen(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            asyncio.get_running_loop().add_reader(listening.fileno(), self._accept, listening)
            if listening in self._next_in:
                self._accept(listening)

    def _accept(self, listening: socket.socket) -> None:
        """Take in who waits at the door.

        asyncio's own way logs a hundred lines for each try without file handles, and tries ever more often.
        """
        for _ in range(AT_ONCE):
            try:
                arrived, peer = self._next_in.pop(listening, None) or listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as fault:
                log.warning("http.no_connection", fault=fault.strerror)
                self._make_room()
                self._rest(listening, REST)
                return
            if len(self._open) >= self._most and not self._make_room():
                log.warning("http.full")
                self._next_in[listening] = arrived, peer
                self._rest(listening, FULL)
                return
            self._let_in(arrived, client_of(peer[0]))

    def _rest(self, listening: socket.socket, seconds: float) -> None:
        """Leave who comes to the system's own queue for a while."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening.fileno())
        loop.call_later(seconds, self._listen, listening)

    def _let_in(self, arrived: socket.socket, client: str) -> None:
        if self._each[client] >= self._most_each:
            self._make_room(client)
        arrived.setblocking(False)
        connection = Connection(self, cast("web.Server", self._runner.server), client)
        self._open.add(connection)
        self._each[client] += 1
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.connect_accepted_socket(lambda: connection, arrived))
        self._arriving.add(task)
        task.add_done_callback(partial(self._arrived, connection, arrived))

    def _arrived(self, connection: Connection, arrived: socket.socket, task: asyncio.Task[object]) -> None:
        self._arriving.discard(task)
        if task.cancelled() or task.exception() is not None:
            self.left(connection)
            arrived.close()

    def _make_room(self, client: str | None = None) -> bool:
        """Drop connections that have waited for their client longest; False when none has waited beyond its grace.

        Of one client's, or else of the client's who has most. A few at once, because looking for them costs as much as
        taking somebody in.
        """
        latest = asyncio.get_running_loop().time() - GRACE
        waiting = [one for one in self._open if one.waits and one.since < latest and client in {None, one.client}]
        if not waiting:
            return False
        for one in nsmallest(self._most // 64 or 1, waiting, key=lambda one: (-self._each[one.client], one.since)):
            one.drop()
        return True


@web.middleware
async def _marked(request: web.Request, handler: Next) -> web.StreamResponse:
    """Let the connection know that its request is being answered, and until when."""
    connection = cast("Connection", request.protocol)
    if request.transport is None:
        raise ConnectionResetError  # it was dropped, or hung up
    connection.answering(request)
    try:
        return await handler(request)
    finally:
        connection.answered()


def _ours(record: logging.LogRecord) -> bool:
    """Whether a fault is one of this program: what clients send or leave out is nothing for the log."""
    fault = record.exc_info[1] if record.exc_info else None
    return not isinstance(fault, (web.RequestPayloadError, ConnectionError))


_FAULTS = logging.getLogger(__name__)
_FAULTS.addFilter(_ours)
