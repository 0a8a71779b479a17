"""Push servers that speak like those of wm-serve, are one, and tell one lie, to show that the judge of the rig sees it."""
import asyncio
import contextlib
import json
import threading
from types import SimpleNamespace

import websockets


class Liar:
    """Threads: its loop has one of its own. `lie` names what they do wrong, "" for nothing, and may be changed at any time."""

    def __init__(self, count=3):
        self.lie = ""
        self.servers = [SimpleNamespace(addresses={}) for _ in range(count)]
        self._pages = {}  # uid to its sockets
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        self._ready.wait()

    async def _serve(self):
        self._over = asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            for server in self.servers:
                lines = await stack.enter_async_context(await asyncio.start_server(self._lines, "127.0.0.1", 0))
                pages = await stack.enter_async_context(websockets.serve(self._page, "127.0.0.1", 0, compression=None, ping_interval=None,
                                                                         close_timeout=0.1))
                server.addresses = {"websocket": f"ws://127.0.0.1:{pages.sockets[0].getsockname()[1]}",
                                    "text": f"text://127.0.0.1:{lines.sockets[0].getsockname()[1]}"}
            self._ready.set()
            await self._over.wait()

    async def _page(self, socket, *unused):
        sockets = self._pages.setdefault(await socket.recv(), [])
        sockets.append(socket)
        try:
            async for text in socket:
                if text == "ping":
                    await socket.send("pong")
        finally:
            sockets.remove(socket)

    async def _lines(self, reader, writer):
        while line := (await reader.readline()).decode().rstrip("\n"):
            command = json.loads(line).get("wm", {})
            if command.get("cmd") == "notify_end":
                writer.write(b"ok\n")
            elif answer := await self._push(line, command):
                writer.write((answer + "\n").encode())
        writer.close()

    async def _push(self, line, command):
        """The answer; None: none at all."""
        lie = self.lie
        if command.get("cmd") == "broadcast":
            sockets = [socket for each in self._pages.values() for socket in each]
            line = line.split('"data":', 1)[1][:-1]
        else:
            sockets = list(self._pages.get(json.loads(line)["uid"], []))
        if lie == "mute":
            return None
        if lie == "unknown":
            return 'fail {"why":"timeout"}' if command else "fail"
        if lie != "false ok":
            for socket in sockets[:1] if lie == "half" else sockets:
                await socket.send(line)
                if lie == "twice":
                    await socket.send(line)
        if lie == "false offline" or not sockets:
            return 'fail {"why":"offline"}' if command else "fail"
        return f'ok {{"connections":{len(sockets)}}}' if command else "ok"

    def end(self):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end()
