"""A network between a browser and a gateway: a TCP proxy that can hold, slow or cut traffic.

Held bytes are not lost: they wait on both sides, as behind a router that pauses.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, Self, TypeVar

from stack.ports import HOST

Result = TypeVar("Result")

CHUNK_BYTES = 65_536
HANDSHAKE = b"GET /ws "  # how a socket's request begins
SWITCH_S = 600.0  # for a switch of the proxy, which takes none


class Network:
    """All connections go through `port`; start with `between`."""

    def __init__(self) -> None:
        self.upstream_port = 0
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._delay_s, self._is_cut, self._has_sockets = 0.0, False, True
        self._connections: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._thread = Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()
        self._server = self._run(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"

    @classmethod
    @contextmanager
    def between(cls) -> Iterator[Self]:
        """A network that leads to `upstream_port`, as soon as that is set; it ends when left."""
        network = cls()
        yield network
        network._run(network._close())
        network._loop.call_soon_threadsafe(network._loop.stop)
        network._thread.join()

    def hold(self) -> None:
        """Let nothing through, and say nothing about it."""
        self._run(self._set(flows=False))

    def cut(self) -> None:
        """Reset all connections, and refuse new ones."""
        self._run(self._set(is_cut=True))

    def refuse_sockets(self) -> None:
        """Let HTTP through, but no WebSocket."""
        self._run(self._set(has_sockets=False, is_cut=True))
        self._run(self._set(has_sockets=False))

    def slow(self, delay_s: float) -> None:
        """Let each chunk wait so long, in each direction."""
        self._run(self._set(delay_s=delay_s))

    def heal(self) -> None:
        """Let all traffic through; held bytes are delivered now."""
        self._run(self._set())

    async def _set(
        self,
        *,
        flows: bool = True,
        is_cut: bool = False,
        has_sockets: bool = True,
        delay_s: float = 0.0,
    ) -> None:
        self._delay_s, self._is_cut, self._has_sockets = delay_s, is_cut, has_sockets
        if flows:
            self._flows.set()
        else:
            self._flows.clear()
        if is_cut:
            for writer, passing in list(self._connections.items()):
                writer.transport.abort()
                if passing:
                    passing.cancel()  # what was held is lost

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, HOST, 0)

    async def _close(self) -> None:
        self._server.close()
        await self._set(is_cut=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        self._connections[writer] = asyncio.current_task()
        try:
            await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):  # one of the ends has gone; so does the other
            writer.transport.abort()
        finally:
            del self._connections[writer]

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flows.wait()
        first = await reader.read(CHUNK_BYTES)
        if not self._has_sockets and first.startswith(HANDSHAKE):
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(HOST, self.upstream_port)
        try:
            await self._pass_on(first, back)
            # What was held goes on, though the other direction has ended.
            pumps = (self._pump(reader, back), self._pump(there, writer))
            await asyncio.gather(*pumps, return_exceptions=True)
            await back.drain()
        finally:
            back.close()
            writer.close()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(CHUNK_BYTES):
                await self._pass_on(chunk, target)
        finally:
            target.write_eof()

    async def _pass_on(self, chunk: bytes, target: asyncio.StreamWriter) -> None:
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        await self._flows.wait()
        target.write(chunk)
        await target.drain()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SWITCH_S)
