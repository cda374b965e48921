"""A line as a weak signal gives it: slow, late, and losing one packet in twenty."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from itertools import count

PACKET = 1400
LATENCY_S = 0.3
BYTES_A_S = 2500
ONE_LOST_OF = 20
# A packet that is lost twice: the sender waits one second, and then two.
SENT_AGAIN_S = 1 + 2


class BadLine:
    """Carries bytes to a service; well at first, and badly once it is told to."""

    def __init__(self, port: int) -> None:
        self.is_bad = False
        self._port = port
        self._packets = count()
        self._stopped = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def stop(self) -> None:
        self._stopped.set()
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, given: socket.socket, taken: socket.socket) -> None:
        with suppress(OSError):
            while packet := given.recv(PACKET):
                if self.is_bad:
                    self._stopped.wait(self._delay_s(len(packet)))
                taken.sendall(packet)
            taken.shutdown(socket.SHUT_WR)

    def _delay_s(self, size: int) -> float:
        is_lost = next(self._packets) % ONE_LOST_OF == 0
        return LATENCY_S + size / BYTES_A_S + (SENT_AGAIN_S if is_lost else 0)
