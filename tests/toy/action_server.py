"""An action server that runs the toy actions, or fails in the way it is told to."""

import asyncio
import json
import threading

from rasa_sdk.executor import ActionExecutor

MODES = ("500", "400", "404", "page", "bad json", "wrong shape", "cut off", "empty")
ANSWERS = {
    "500": (500, b'{"error": "x", "request_body": "x"}'),
    "400": (400, b'{"error": "x"}'),
    "404": (404, b'{"error": "x", "action_name": "action_ask_toy_form_who"}'),
    "page": (200, b"<!doctype html><p>Welcome to this proxy"),
    "bad json": (200, b'{"events": ['),
    "wrong shape": (200, b'{"events": [{"name": "who"}], "responses": []}'),
    "empty": (200, b""),
}


class FakeActions:
    """Listens on a port of this machine; `mode` says how it answers.

    A mode is "good", one of MODES, a number of seconds to wait before a good answer,
    or "drip", which sends a byte a second. `calls` says how many have come.
    """

    def __init__(self):
        self.mode, self.calls = "good", 0
        self._executor = ActionExecutor()
        self._executor.register_package("toy.actions")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/webhook"

    def die(self):
        """Listen no more, as a server that was killed."""
        self._loop.call_soon_threadsafe(self._server.close)
        self._do(self._server.wait_closed())

    def come_back(self):
        """Listen again, on the same port."""
        serving = asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self._server = self._do(serving)

    def stop(self):
        self.die()
        self._do(self._let_go())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _let_go(self):
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.wait(serving) if serving else None

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _serve(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = head.partition("content-length:")[2].partition("\r\n")[0]
            body = await reader.readexactly(int(length or 0))
            await self._answer(writer, head, body)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer, head, body):
        mode = self.mode
        self.calls += 1
        if head.startswith("get"):
            names = [{"name": name} for name in self._executor.actions]
            return await self._send(writer, 200, json.dumps(names).encode())
        if mode in ANSWERS:
            return await self._send(writer, *ANSWERS[mode])
        if isinstance(mode, (int, float)):
            await asyncio.sleep(mode)
        good = json.dumps(await self._executor.run(json.loads(body))).encode()
        if mode == "cut off":
            return await self._send(writer, 200, good[:-9], len(good))
        if mode == "drip":
            for at in range(len(good)):
                await self._send(writer, 200, good[at : at + 1], len(good), at == 0)
                await asyncio.sleep(1)
        return await self._send(writer, 200, good)

    async def _send(self, writer, status, body, length=None, first=True):
        length = len(body) if length is None else length
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
            f"Connection: close\r\nContent-Length: {length}\r\n\r\n"
        )
        writer.write((head.encode() if first else b"") + body)
        await writer.drain()
